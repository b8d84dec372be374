"""Somebody who does each action by its own key, and what tests show of actions: see ``test_every_action``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from textual.screen import Screen

from arbtui.execution.intents import Verb
from arbtui.ui.actions import BY_ID
from arbtui.ui.app import ArbtuiApp
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.help import HelpScreen
from arbtui.ui.keymap import Keymap
from arbtui.ui.levelscreen import LevelScreen
from arbtui.ui.logview import LogScreen
from arbtui.ui.screen import MainScreen
from arbtui.ui.settingsscreen import SettingsScreen
from arbtui.ui.thresholds import ThresholdScreen
from tests.ui.dealer import WITHOUT_LIMITS, Dealer, dealing
from tests.ui.fake_port import FakePort

Proof = Callable[["Hands"], Awaitable[None]]
PROVED: dict[str, str] = {}


class Hands:
    """Somebody who does an action by its first key, by itself."""

    def __init__(self, dealer: Dealer, ran: list[str]) -> None:
        self.dealer, self.ran = dealer, ran
        self.app: ArbtuiApp = dealer.seat.app
        self.port, self.trading, self.desk = dealer.port, dealer.trading, dealer.seat.app.desk
        self.screen = dealer.seat.app.main_screen

    async def do(self, *action_ids: str) -> None:
        for action_id in action_ids:
            keys = Keymap().keys(action_id)
            if keys:
                await self.press(keys[0])
            else:
                await self.say(BY_ID[action_id].word)
            assert self.ran[-1] == action_id, (action_id, self.ran[-3:])

    async def press(self, *keys: str) -> None:
        await self.dealer.press(*keys)

    async def say(self, words: str) -> None:
        """A line after the colon."""
        await self.dealer.seat.press("colon", *("space" if letter == " " else letter for letter in words))
        await self.press("enter")

    async def text(self) -> str:
        return await self.dealer.text()

    # asked as functions, because what stands in an attribute the type checker takes to stay

    def top(self) -> Screen[object]:
        return self.app.screen

    def pins(self) -> tuple[str, ...]:
        return self.desk.pins

    def verb(self) -> Verb:
        return self.dealer.order.ticket.verb

    def usd(self) -> Decimal | None:
        return self.dealer.order.ticket.usd

    def asked(self) -> str | None:
        return self.dealer.hedge.asked

    def fired(self) -> int:
        return len(self.trading.fired)


@asynccontextmanager
async def hands(**given: Any) -> AsyncIterator[Hands]:
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for owner in (MainScreen, FullScreen):

            def noted(
                self: object, action_id: str, argument: str = "", *, inner: Callable[..., str] = owner.run
            ) -> str:
                ran.append(action_id)
                return inner(self, action_id, argument)

            patch.setattr(owner, "run", noted)
        async with dealing(limits=WITHOUT_LIMITS, **given) as dealer:
            yield Hands(dealer, ran)


def proves(*action_ids: str) -> Callable[[Proof], Callable[[], Awaitable[None]]]:
    def of(proof: Proof) -> Callable[[], Awaitable[None]]:
        for action_id in action_ids:
            assert action_id not in PROVED, f"{action_id} is proved twice"
            PROVED[action_id] = proof.__name__

        async def test() -> None:
            async with hands() as somebody:
                await proof(somebody)
                assert set(action_ids) <= set(somebody.ran), set(action_ids) - set(somebody.ran)

        test.__name__, test.__doc__ = proof.__name__, proof.__doc__
        return test

    return of


@cache
def handled() -> frozenset[str]:
    """The actions that somebody handles: the main screen, or the screen of their scope."""

    async def ask() -> frozenset[str]:
        app = ArbtuiApp(FakePort(3), now_s=lambda: 0.0)
        own = (
            HelpScreen(app.desk, "grid"),
            LogScreen(app.desk, app.main_screen.copying),
            ThresholdScreen(app.desk),
            LevelScreen(app.desk),
            SettingsScreen(app.desk),
        )
        return frozenset(app.main_screen.handlers).union(*(screen.handlers() for screen in own))

    return asyncio.run(ask())
