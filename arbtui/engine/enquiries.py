"""What is asked of accounts besides what their streams tell, when, and how often.

at the start    mode, balances, positions, resting orders and funding of every account, until each was answered
a preview       balances, mode, fees and leverage of its legs, unless they were asked for a moment ago
a push          that tells a total without what is free of it: the balances, once for all pushes of a moment
a fill          the balances, unless somebody tells them within two seconds: not every stream does
a stream up     balances, mode and funding: what happened while nobody listened was told to nobody
every minute    funding, where hedges hold perpetuals: no stream tells it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Every, Timer
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Balance, Fill, ReadDone, ReadFailed, ReadKind, StreamState
from arbtui.execution.ports import Executor

ASK_EVERY_NS: Mapping[ReadKind, int] = {  # the same question for previews; what may change by itself more often
    ReadKind.BALANCES: 20 * NS_PER_S,
    ReadKind.MODE: 20 * NS_PER_S,
    ReadKind.LEVERAGE: 60 * NS_PER_S,
    ReadKind.FEES: 600 * NS_PER_S,
}
AGAIN_NS = 5 * NS_PER_S  # after a read that failed
FREE_AFTER_NS = NS_PER_S // 4  # pushes of one moment come one after another
PAID_AFTER_NS = 2 * NS_PER_S
FUNDING_EVERY_NS = 60 * NS_PER_S
FUNDING_OVERLAP_MS = 600_000  # a payment may be listed later than its time
_NEVER_NS = 1 << 62
_OF_AN_ACCOUNT = (ReadKind.MODE, ReadKind.BALANCES, ReadKind.POSITIONS, ReadKind.OPEN_ORDERS)
_AFTER_A_GAP = (ReadKind.MODE, ReadKind.BALANCES)  # the others are read by whoever looks after hedges

_Key = tuple[str, Market, ReadKind, str]


class Enquiries:
    """``wallets``: venue and market -> the pot it trades from. ``held``: venue -> since when (ms) hedges that may
    still earn funding there exist; None = asks for no funding.
    """

    def __init__(
        self,
        clock: Clock,
        executors: Mapping[str, Executor],
        wallets: Mapping[tuple[str, Market], str],
        held: Callable[[], Mapping[str, int]],
    ) -> None:
        self._clock = clock
        self._executors = executors
        self._wallets = wallets
        self._held = held
        self._asked_ns: dict[_Key, int] = {}
        self._unread: set[_Key] = set()
        self._soon: dict[_Key, Timer] = {}
        self._unpaid: dict[_Key, Timer] = {}  # fills whose money no balance has told yet
        self._funding_ms: dict[str, int] = {}  # venue -> up to when payments are known
        self._every: Every | None = None

    @property
    def done(self) -> bool:
        """Everything that the start wants to know was answered."""
        return not self._unread

    def unread(self, kind: ReadKind) -> set[str]:
        """Venues that have not answered this yet, of what the start wants to know."""
        if self._every is None:
            return {venue for venue, _ in self._wallets}
        return {venue for venue, _, asked, _ in self._unread if asked is kind}

    def start(self) -> None:
        self._every = Every(self._clock, FUNDING_EVERY_NS, self._ask_funding)
        self._unread |= {(venue, market, kind, "") for venue, market in self._wallets for kind in _OF_AN_ACCOUNT}
        for key in list(self._unread):
            self._ask(key, again=True)
        self._ask_funding()

    def stop(self) -> None:
        if self._every is not None:
            self._every.cancel()
        for timers in (self._soon, self._unpaid):
            for timer in timers.values():
                timer.cancel()
            timers.clear()

    def all_again(self) -> None:
        """Nothing that was known is trusted any more."""
        self._asked_ns.clear()
        for venue, market in self._wallets:
            for kind in _OF_AN_ACCOUNT:
                self._ask((venue, market, kind, ""))

    def modes(self) -> None:
        """How accounts are set up, and the leverage of what was looked at: a venue may hold it lower than was set."""
        for venue, market in self._wallets:
            self._ask((venue, market, ReadKind.MODE, ""), again=True)
        for key in [key for key in self._asked_ns if key[2] is ReadKind.LEVERAGE]:
            self._ask(key, again=True)

    def for_preview(self, instrument: Instrument) -> None:
        """What the checks want to know of an instrument's account."""
        venue, market, native = instrument.venue, instrument.market, instrument.native
        self._ask((venue, market, ReadKind.BALANCES, ""))
        self._ask((venue, market, ReadKind.MODE, ""))
        self._ask((venue, market, ReadKind.FEES, native))
        if market is Market.PERP:
            self._ask((venue, market, ReadKind.LEVERAGE, native))

    def hear(self, event: AccountEvent) -> None:
        """Nothing is asked for before ``start``, which asks for all of it."""
        if self._every is None:
            return
        match event:
            case ReadDone(venue=venue, market=market, kind=kind, native=native):
                self._unread.discard((venue, market, kind, native))
                if kind is ReadKind.FUNDING:
                    self._funding_ms[venue] = event.asked_ns // NS_PER_MS
            case ReadFailed(venue=venue, market=market, kind=kind, native=native):
                self._failed((venue, market, kind, native))
            case Balance():
                self._balance(event)
            case Fill(venue=venue, market=market) if (venue, market) in self._wallets:
                self._ask_in(PAID_AFTER_NS, (venue, market, ReadKind.BALANCES, ""), self._unpaid)
            case StreamState(state="up", venue=venue, markets=markets):
                for market in markets:
                    for kind in _AFTER_A_GAP:
                        if (venue, market) in self._wallets:
                            self._ask((venue, market, kind, ""), again=True)
                if Market.PERP in markets:
                    self._ask_funding()

    def _ask(self, key: _Key, *, again: bool = False) -> None:
        now_ns = self._clock.now_ns()
        venue, market, kind, native = key
        if not again and now_ns < self._asked_ns.get(key, -_NEVER_NS) + ASK_EVERY_NS.get(kind, 0):
            return
        self._asked_ns[key] = now_ns
        self._executors[venue].read(kind, market, native)

    def _failed(self, key: _Key) -> None:
        """A preview may ask again soon; what the start wants to know is asked again without one."""
        if key in self._asked_ns:
            self._asked_ns[key] = self._clock.now_ns() + AGAIN_NS - ASK_EVERY_NS.get(key[2], 0)
        if key in self._unread:
            self._ask_in(AGAIN_NS, key, self._soon)

    def _balance(self, balance: Balance) -> None:
        """What a fill did to the wallet is told; what is free of it is asked for, once, where that was not told."""
        markets = [market for (venue, market), wallet in self._wallets.items() if _is_of(balance, venue, wallet)]
        for market in markets:
            if (timer := self._unpaid.pop((balance.venue, market, ReadKind.BALANCES, ""), None)) is not None:
                timer.cancel()
        if balance.free is None and markets:
            self._ask_in(FREE_AFTER_NS, (balance.venue, markets[0], ReadKind.BALANCES, ""), self._soon)

    def _ask_in(self, after_ns: int, key: _Key, timers: dict[_Key, Timer]) -> None:
        if key not in timers:
            timers[key] = self._clock.call_at(self._clock.now_ns() + after_ns, partial(self._ask_now, key, timers))

    def _ask_now(self, key: _Key, timers: dict[_Key, Timer]) -> None:
        del timers[key]
        self._ask(key, again=True)

    def _ask_funding(self) -> None:
        for venue, since_ms in self._held().items():
            if (venue, Market.PERP) in self._wallets:
                known_ms = self._funding_ms.get(venue)
                begin_ms = since_ms if known_ms is None else max(since_ms, known_ms - FUNDING_OVERLAP_MS)
                self._executors[venue].read(ReadKind.FUNDING, Market.PERP, "", begin_ms)


def _is_of(balance: Balance, venue: str, wallet: str) -> bool:
    return (venue, wallet) == (balance.venue, balance.wallet)
