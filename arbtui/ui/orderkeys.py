"""The keys that concern orders, wherever they are pressed: which hedge is meant, and what is asked before."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from arbtui.config.section import MOST_USD
from arbtui.execution.intents import Verb
from arbtui.execution.pairs import Pair
from arbtui.port import Ticket, TradingPort
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.money import under_way
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat
from arbtui.ui.ticket.hedge import HedgePage, kept_open
from arbtui.ui.ticket.hedges import HedgesPage
from arbtui.ui.ticket.order import OrderPage
from arbtui.ui.ticket.page import PAPER, Page


class OrderKeys:
    def __init__(self, desk: Desk, seat: Seat) -> None:
        self._desk = desk
        self._seat = seat

    def handlers(self) -> Handlers:
        return {
            "grid.ticket": self.ticket,
            "order.ticket": self.ticket,
            "order.close": self.close,
            "order.flatten": self.flatten,
            "order.flatten_all": self.flatten_all,
            "order.cancel": self.cancel,
            "order.kill": self.kill,
            "order.arm": self.arm,
            "order.disarm": self.disarm,
            "order.auto": self.auto,
            "order.acknowledge": self._desk.acknowledge,
        }

    # tickets

    def ticket(self) -> None:
        trading = self._desk.trading()
        wish = self._desk.ticket() if trading is not None else None
        if trading is not None and wish is not None:
            self._open(OrderPage(self._desk, trading, wish))

    def follow(self, hedge: str) -> None:
        trading = self._desk.trading()
        if trading is not None:
            self._open(HedgePage(self._desk, trading, hedge))

    def close(self) -> None:
        self._of_one(Verb.CLOSE)

    def flatten(self) -> None:
        self._of_one(Verb.FLATTEN)

    def _of_one(self, verb: Verb) -> None:
        """A ticket for the one hedge that is meant, or a list of those that may be."""
        trading = self._desk.trading()
        if trading is None:
            return
        base = self._desk.coin
        pairs = self._pointed() or self._of_coin(base)
        if not pairs:
            self._desk.say(
                self._desk.keys.words(
                    f"no hedge of {base} is open; {{order.flatten_all}} lists all, {{pane.positions}} shows them"
                ),
                "warning",
            )
        elif len(pairs) == 1:
            self._open(OrderPage(self._desk, trading, Ticket(pairs[0].base, verb=verb, hedge=pairs[0].hedge)))
        else:
            self._open(HedgesPage(self._desk, trading, verb, base))

    def _pointed(self) -> list[Pair]:
        hedge = self._seat.pointed_hedge()
        return [pair for pair in self._looked() if pair.hedge == hedge] if hedge else []

    def _of_coin(self, base: str) -> list[Pair]:
        return [pair for pair in self._looked() if pair.base == base]

    def _looked(self) -> list[Pair]:
        money = self._desk.money
        if money is None:
            return []
        money.look(self._desk.now_s(), at_once=True)
        return list(money.pairs)

    def flatten_all(self) -> None:
        trading = self._desk.trading()
        if trading is None:
            return
        if not self._looked():
            self._desk.say("no hedge is open", "info")
            return
        self._open(HedgesPage(self._desk, trading, Verb.FLATTEN))

    def _open(self, page: Page) -> None:
        self._seat.open_panel(page)

    # at once

    def cancel(self) -> None:
        """Hedges of the pointed coin that are still entering enter no further."""
        trading = self._desk.trading()
        if trading is None:
            return
        base = self._desk.coin
        found = self._pointed() or self._of_coin(base)
        moving = [pair for pair in found if under_way(trading.ledgers[pair.hedge])]
        if not moving:
            self._desk.say(f"no orders of {base} are working", "info")
            return
        told = [trading.cancel(pair.hedge).text for pair in moving]
        self._desk.say(f"{base}: {'; '.join(dict.fromkeys(told))}", "warning")

    def kill(self) -> None:
        trading = self._desk.trading()
        if trading is not None:
            self._desk.say(trading.kill("a person pressed !").text, "warning")

    def disarm(self) -> None:
        trading = self._desk.trading()
        if trading is not None:
            self._desk.say(trading.disarm("a person said so").text, "warning")

    def auto(self, typed: str) -> str:
        """``on`` or ``off``; without a word, the other of the two is what may be typed."""
        auto = self._desk.port.auto
        if auto is None:
            return "this run has no automatic mode"
        if typed.strip() not in ("on", "off"):
            return f"the automatic mode is {'on' if auto.on else 'off'}; say :auto {'off' if auto.on else 'on'}"
        done = auto.switch(on=typed.strip() == "on")
        if done.accepted:
            self._desk.say(done.text, "warning")
        return "" if done.accepted else done.text

    # asked first

    def arm(self, usd: str) -> str:
        """Paper is armed by one key; where orders leave this machine, by a phrase that names what may be open at once.

        ``usd``: that, where it is not to be the largest order of the settings. Who is armed for a time may begin it
        anew.
        """
        trading = self._desk.trading()
        if trading is None:
            return ""
        if trading.armed and trading.armed_until_ns is None:
            self._desk.say(f"armed already; :disarm takes it back, {self._desk.keys.first('order.kill')} kills", "info")
            return ""
        if trading.word == PAPER:
            self._seat.choose("arm PAPER: hedges may be opened?", {"y": "arm"}, lambda _: self._arm_by_key(trading))
            return ""
        most = self._most(usd)
        if isinstance(most, str):
            return most
        phrase = f"live {most:f}"

        def accept(typed: str) -> str:
            if " ".join(typed.split()) != phrase:
                return f"that is not the phrase; it is: {phrase}"
            self._arm(trading, most)
            return ""

        trading.may_arm()  # asks anew what the keys may do, while the phrase is typed
        title = f"arm {trading.word}: type {phrase}"
        self._seat.ask(Question(title, "", accept, hint=lambda _: self._risked(), typed=True))
        return ""

    def _most(self, usd: str) -> Decimal | str:
        """US dollars that may be open at once, or why none can be named."""
        wanted = usd or self._desk.port.setting("limits.order_usd")
        try:
            most = Decimal(str(wanted))
        except InvalidOperation:
            most = Decimal("nan")
        if most.is_finite() and 0 < most <= Decimal(MOST_USD):
            return most.to_integral() if most == most.to_integral() else most
        if usd:
            return f"{text.quoted(usd)} is no amount of US dollars"
        return "not armed: say how many US dollars may be open at once, as in :arm 1000"

    def _risked(self) -> str:
        """What the figure in the phrase means, and the other limits."""
        names = {"coin_usd": "a coin", "venue_usd": "venue", "day_usd": "day", "day_loss_usd": "loss"}
        parts = []
        for key, words in names.items():
            most = self._desk.port.setting(f"limits.{key}")
            shown = text.grouped(most) if isinstance(most, int | float) else UNKNOWN if most is None else f"{most}"
            parts.append(f"{words} {shown}")
        return f"at once, {self._desk.port.setting('live.arm_minutes')} min; {', '.join(parts)}   esc"

    def _arm_by_key(self, trading: TradingPort) -> None:
        if self._desk.rhythm.calm:
            self._arm(trading, None)
        else:
            self._desk.say("not armed: that key came within 250 ms of another", "warning")

    def _arm(self, trading: TradingPort, open_usd: Decimal | None) -> None:
        answer = trading.arm(open_usd)
        self._desk.say(answer.text, "info" if answer.accepted else "warning")

    def quit(self, leave: Callable[[], None]) -> None:
        """Leave at once, unless hedges are open or under way."""
        trading = self._desk.port.trading
        resting, moving = kept_open(list(trading.ledgers.values())) if trading is not None else (0, 0)
        if not resting and not moving:
            leave()
            return
        parts = [f"{resting} stay{'s' if resting == 1 else ''} open"] if resting else []
        parts += [f"{moving} under way: finished or unwound first"] if moving else []
        self._seat.choose(f"hedges: {', '.join(parts)}. Leave?", {"y": "leave"}, lambda _: self._leave(leave))

    def _leave(self, leave: Callable[[], None]) -> None:
        if self._desk.rhythm.calm:
            leave()
        else:
            self._desk.say("stayed: that key came within 250 ms of another", "warning")
