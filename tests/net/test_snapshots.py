"""All symbols by REST: what an answer says beside its prices."""

import random
from typing import cast

from arbtui.core.events import Event, Ignored
from arbtui.core.model import Market
from arbtui.net.rest import Rest
from arbtui.net.snapshots import Snapshots
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue
from tests.net.test_discovery import Host


class ToyVenue:
    name = "toy"

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return [HttpRequest("GET", "https://toy/tickers", "tickers")]


class ToyRest:
    def __init__(self, unknown: list[int]) -> None:
        self._unknown = unknown

    async def ask(self, venue: Venue, request: HttpRequest, tables: Tables) -> list[Event]:
        count = self._unknown.pop(0)
        return [Ignored("unknown_symbol", count)] if count else []


async def test_more_unknown_symbols_than_last_time_mean_that_something_was_listed() -> None:
    told, answers = list[int](), [3, 3, 4, 2, 3]
    rounds = Snapshots(
        cast("Venue", ToyVenue()),
        Market.PERP,
        Environment.PROD,
        Tables({Market.PERP: {}}),
        cast("Rest", ToyRest(answers)),
        Host(),
        random.Random(1),
        sockets_silent=lambda: False,
        on_new_symbols=lambda: told.append(rounds.rounds),
    )
    while answers:
        await rounds.round()
    assert told == [2, 4]  # never at the first answer, which has nothing to be compared with
