"""What people do in an episode: open, close, press the kill switch, stop, trade by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from random import Random

from arbtui.core.clock import Clock
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Origin, Side
from arbtui.execution.intents import Style, Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.policy import Policy
from arbtui.execution.reviews import Rates, Wish, close_intent, open_intent
from arbtui.execution.runner import Runner, Stopped
from tests.execution.simulation.judge import Judge
from tests.execution.simulation.market import Sight
from tests.execution.simulation.sending import Sending
from tests.execution.simulation.telling import Note
from tests.execution.simulation.venue import SimVenue

COMMANDS = ["close", "close", "flatten", "kill", "arm", "disarm", "cancel", "retry", "stop", "sleep", "adl", "hand"]


def draw_style(rng: Random) -> tuple[Style, int | None]:
    """How a hedge is entered or closed, and which leg rests."""
    if rng.random() < 0.6:
        return Style.TAKER_TAKER, None
    return Style.MAKER_TAKER, rng.randint(0, 1)


class People:
    """They act on the life that runs, if one does."""

    def __init__(
        self,
        rng: Random,
        clock: Clock,
        venues: Mapping[str, SimVenue],
        sight: Sight,
        judge: Judge,
        sending: Sending,
        note: Note,
    ) -> None:
        self._rng = rng
        self._clock = clock
        self._venues = venues
        self._sight = sight
        self._judge = judge
        self._sending = sending
        self._note = note

    def open(self, style: Style, maker: int | None, usd: Decimal, policy: Policy) -> None:
        if not self._judge.life.lives:
            return
        runner = self._judge.runner
        names = ["alpha", "beta"]
        if self._venues["alpha"].instrument.market is Market.PERP and self._rng.random() < 0.5:
            names.reverse()
        buy, sell = (self._venues[name].instrument for name in names)
        rates = (_rates(buy), _rates(sell))
        wish = Wish(base="COIN", buy=buy, sell=sell, rates=rates, usd=usd, style=style, maker=maker)
        prices = (self._sight.price(buy.key), self._sight.price(sell.key))
        usds = [self._sight.usd(spec.price_ccy) for spec in (buy, sell)]
        now_ns = self._clock.now_ns()
        intent = open_intent(runner.new_id(), wish, prices, usds[0], now_ns, policy, sell_usd_per_ccy=usds[1])
        if isinstance(intent, str):
            self._note("not opened:", intent)
            return
        self._judge.opens(intent, usd)
        self._sending.asks(intent)
        answer = runner.open(intent)
        if answer.accepted:
            self._judge.begins(intent)
        self._note("open", intent.hedge, style, intent.qty, answer.text)

    def close(self, verb: Verb) -> None:
        for hedge, ledger in list(self._judge.runner.ledgers.items()):
            if ledger.state in (State.HEDGED, State.HALTED):
                self._note(verb, hedge, self._close(ledger, verb))

    def _close(self, ledger: Ledger, verb: Verb) -> str:
        keys = [leg.key for leg in ledger.intent.legs]
        prices = (self._sight.price(keys[0]), self._sight.price(keys[1]))
        style, maker = draw_style(self._rng) if verb is Verb.CLOSE else (Style.TAKER_TAKER, None)
        intent = close_intent(ledger, prices, self._clock.now_ns(), verb=verb, style=style, maker=maker)
        if isinstance(intent, str):
            return intent
        self._sending.asks(intent)
        return self._judge.runner.close(intent).text

    def command(self, what: str) -> None:
        if not self._judge.life.lives:
            return
        self._note(">>>", what)
        runner = self._judge.runner
        commands: dict[str, Callable[[], object]] = {
            "close": lambda: self.close(Verb.CLOSE),
            "flatten": lambda: self.close(Verb.FLATTEN),
            "kill": lambda: runner.kill("a person pressed the key"),
            "sleep": lambda: runner.reconcile("the machine slept"),
            "disarm": lambda: runner.disarm("a person said so"),
            "arm": runner.arm,
            "cancel": lambda: [runner.cancel(hedge) for hedge in list(runner.ledgers)],
            "retry": lambda: _retry(runner),
            "stop": lambda: runner.stop(self._stopped),
            "adl": partial(self._interfere, "adl"),
            "hand": partial(self._interfere, "order"),
        }
        commands[what]()

    def _stopped(self, told: Stopped) -> None:
        self._note("stopped", *told.open, *told.doubt)
        self._judge.told_at_the_end(told)

    def _interfere(self, origin: Origin) -> None:
        venue = self._venues["beta"]
        if origin == "order" and self._rng.random() < 0.5:
            venue = self._venues["alpha"]
        held = venue.books.held
        if not held:
            return
        self._judge.interferes()
        qty = abs(held) if self._rng.random() < 0.5 else venue.lots(abs(held) / 2)
        venue.interfere(Side.SELL if held > 0 else Side.BUY, qty, origin)


def _rates(spec: Instrument) -> Rates:
    return Rates(Decimal(str(spec.taker_rate)), Decimal(str(spec.maker_rate)), spec.market is Market.SPOT)


def _retry(runner: Runner) -> None:
    for hedge, ledger in list(runner.ledgers.items()):
        if ledger.nameless() is None and ledger.stranger() is None:
            runner.retry(hedge)  # else a person would look at the venue first
