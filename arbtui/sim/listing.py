"""One instrument of one simulated venue, and its book.

A book is not stored, it is computed: ``levels(state)`` is a pure function of a small ``BookState`` (best bid, best ask,
sixteen counters that vary the sizes). So ten thousand books cost nothing until somebody looks, every past book can be
had again exactly from its state, and truth never depends on who watches. Prices are integers of ticks and sizes
integers of lots; a bid below its ask as integers can never be crossed, and texts made from integers are exact.
"""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from arbtui.sim.coins import Coin

Market = Literal["spot", "perp"]
Status = Literal["trading", "halted", "pre_open", "close_only", "delisted"]
Level = tuple[int, int]  # price in ticks, size in lots

DEPTH = 50  # levels a side of every book: the whole book, not a window of a deeper one
BUCKETS = 16
_KEPT_UNWATCHED = 4
_KEPT_WATCHED = 2048
_KEPT_NS = 60 * 10**9  # of a book that seldom changes, 2,048 states would be hours, and of all books a gigabyte
_PRINTS_UNWATCHED, _PRINTS_WATCHED = 4, 64


class BookState(NamedTuple):
    """All that a book is, at one update id."""

    seq: int  # the venue's own update id, as on the wire
    prev: int  # that of the change before
    t_ns: int  # when it became so
    bid: int  # best prices in ticks
    ask: int
    sizes: bytes  # BUCKETS counters; one more = other sizes at a sixteenth of all prices


class Print(NamedTuple):
    """A public trade. ``number`` rises by one from print to print."""

    number: int
    price: int  # ticks
    lots: int
    buy: bool  # whether the taker bought
    t_ns: int


class Levels(NamedTuple):
    """A book in integers: bids from the best down, asks from the best up."""

    bids: list[Level]
    asks: list[Level]


class Writer:
    """Writes ``n x unit`` exactly, in a venue's habit.

    ``decimals`` pads with zeros to at least so many ("83091.60"); ``shortest`` drops trailing zeros ("63921"), and with
    ``point`` keeps one decimal ("77558.0", Hyperliquid's way).
    """

    def __init__(self, unit: Decimal, *, decimals: int = 0, shortest: bool = False, point: bool = False) -> None:
        exponent = int(unit.as_tuple().exponent)
        self.unit = unit
        self._places = max(0, -exponent, decimals)
        self._times = int(unit.scaleb(self._places))
        self._one = 10**self._places
        self._strip = shortest or point
        self._point = point

    def __call__(self, n: int) -> str:
        if self._places == 0:
            text = str(n * self._times)
            return text + ".0" if self._point else text
        whole, part = divmod(abs(n * self._times), self._one)
        text = f"{'-' if n < 0 else ''}{whole}.{part:0{self._places}d}"
        if self._strip:
            text = text.rstrip("0")
            if text.endswith("."):
                return text + "0" if self._point else text[:-1]
        return text

    def nearest(self, value: float) -> int:
        """How many units ``value`` is, rounded."""
        return round(value / float(self.unit))


@dataclass(frozen=True, slots=True)
class Habits:
    """How a venue writes numbers. The defaults pad to the step's own decimals."""

    price_decimals: int = 0
    size_decimals: int = 0
    mark_decimals: int = 0
    rate_decimals: int = 8
    shortest: bool = False
    point: bool = False
    rate_shortest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a venue says about an instrument when it lists it; prices and sizes in wire units.

    ``size x multiplier`` = coins, ``price / price_factor`` = price of one coin. ``price_ccy`` is what the price is
    quoted in where that is not ``quote`` (most Hyperliquid perps: USDT, settled in USDC). ``tick``/``step``/... left
    None are chosen by the world to suit the price. ``sig_figs`` makes the price step grow with the price
    (Hyperliquid). ``seq_jump``: update ids grow by 1..seq_jump at each change (1 = by exactly one).
    """

    venue: str
    market: Market
    native: str
    quote: str
    base: str = ""  # the coin's ticker unless the venue spells it otherwise; the truth's ``base``
    settle: str = ""  # quote unless given
    price_ccy: str = ""  # quote unless given
    multiplier: Decimal = Decimal(1)
    price_factor: Decimal = Decimal(1)
    tick: Decimal | None = None
    step: Decimal | None = None
    min_qty: Decimal | None = None  # one step unless given
    min_notional: Decimal = Decimal(5)
    sig_figs: int | None = None
    interval_h: int = 8  # funding, perps only
    seq_start: int = 1
    seq_jump: int = 1
    habits: Habits = Habits()
    status: Status = "trading"
    quiet: bool = False  # never moves and is in no truth: rows that only fill a listing (dated, TradFi ...)


class Listing:
    """One instrument. ``extra`` is the venue's own (asset index, product type ...)."""

    def __init__(self, terms: Terms, coin: Coin, fair: float, salt: int, start_ns: int) -> None:
        self.terms = terms
        self.coin = coin
        self.venue, self.market, self.native = terms.venue, terms.market, terms.native
        self.base = terms.base or coin.ticker
        self.quote = terms.quote
        self.settle = terms.settle or terms.quote
        self.price_ccy = terms.price_ccy or terms.quote
        self.key = f"{terms.venue}.{terms.market}.{terms.native}"
        self.status: Status = terms.status
        self.delist_ms: int | None = None  # announced end of trading
        self.interval_h = terms.interval_h
        self.extra: dict[str, Any] = {}
        self.salt = salt
        self.listed_ms = start_ns // 1_000_000
        self.tick = terms.tick if terms.tick is not None else tick_for(fair)
        usd_per_unit = fair * float(terms.multiplier / terms.price_factor)
        self.step = terms.step if terms.step is not None else step_for(usd_per_unit)
        self.min_qty = terms.min_qty if terms.min_qty is not None else self.step
        habits = terms.habits
        self.price = Writer(self.tick, decimals=habits.price_decimals, shortest=habits.shortest, point=habits.point)
        self.size = Writer(self.step, decimals=habits.size_decimals, shortest=habits.shortest, point=habits.point)
        fine = self.tick.scaleb(-2)
        self.mark_price = Writer(fine, decimals=habits.mark_decimals, shortest=habits.shortest, point=habits.point)
        self.rate = Writer(Decimal("1e-8"), decimals=habits.rate_decimals, shortest=habits.rate_shortest)
        self._tick_float = float(self.tick)
        self._step_float = float(self.step)
        self.basis_bps = (salt % 601 - 300) / 100.0  # a venue's own lasting offset, -3..3 bps
        self.shift_bps = 0.0  # a dislocation under way
        self.half_spread_bps = 0.3 + (salt >> 10) % 100 / 100.0 * min(1.5, 0.3 + coin.rank / 100)
        self._top_lots = max(3, round(self._level_usd() / (usd_per_unit * self._step_float)))
        self.state = self._first_state(fair, start_ns)
        self.history: deque[BookState] = deque([self.state], maxlen=_KEPT_UNWATCHED)
        self.handed_out: deque[BookState] = deque(maxlen=64)  # as snapshots by REST
        self._figures_of_the_day(usd_per_unit)
        self._cached: tuple[BookState, Levels] | None = None

    # -- the book ------------------------------------------------------------------------------------------------

    def levels(self, state: BookState | None = None) -> Levels:
        """The whole book at ``state`` (None: now). Pure: the same state gives the same book forever."""
        state = self.state if state is None else state
        if self._cached is not None and self._cached[0] is state:
            return self._cached[1]
        levels = Levels(self._side(state.bid, -1, state.sizes), self._side(state.ask, 1, state.sizes))
        self._cached = (state, levels)
        return levels

    def _side(self, best: int, way: int, sizes: bytes) -> list[Level]:
        found: list[Level] = [(best, self.lots_at(best, sizes))]
        grid = self.grid(best)
        price = best + way * grid
        while len(found) < DEPTH and price > 0:
            if (price * 2654435761 + self.salt) >> 7 & 3:  # three of four prices have a level
                found.append((price, self.lots_at(price, sizes)))
            if self.terms.sig_figs is not None:
                grid = self.grid(price)
            price += way * grid
        return found

    def lots_at(self, price: int, sizes: bytes) -> int:
        """Size of the level at ``price``, if there is one."""
        mixed = (price * 0x9E3779B1 ^ self.salt) * 0x85EBCA6B + sizes[price % BUCKETS] * 0xC2B2AE35
        return 1 + self._top_lots * (20 + (mixed >> 9) % 160) // 100

    def grid(self, price: int) -> int:
        """Price step in ticks at ``price``: 1, unless only so many significant figures are allowed."""
        if self.terms.sig_figs is None:
            return 1
        return int(10 ** max(0, len(str(price)) - self.terms.sig_figs))

    def state_at(self, seq: int) -> BookState | None:
        """The state at wire id ``seq``, while it is kept (see ``watch``)."""
        for state in reversed(self.history):
            if state.seq == seq:
                return state
            if state.seq < seq:
                return None
        return None

    def watch(self) -> None:
        """Keep a minute of states from now on, some 2,000 at most, so that a reader who is behind can still compare."""
        if self.history.maxlen != _KEPT_WATCHED:
            self.history = deque(self.history, maxlen=_KEPT_WATCHED)

    def restart_ids(self) -> None:
        """Go on from a small update id, as after a maintenance; the book stays. Former ids are not found any more."""
        self._become(self.state._replace(seq=1 + self.salt % 1000, prev=self.state.seq))

    def move(self, fair: float, jitter: float, bump: int, jump: int, t_ns: int) -> bool:
        """Follow ``fair`` (wire price) and vary sizes; whether the best prices or their sizes changed.

        ``jitter`` in -1..1 shifts the mid by that part of the half spread, ``bump`` picks what sizes change, ``jump``
        is added to the update id.
        """
        half = self.half_spread_bps / 1e4 * fair / self._tick_float
        mid = fair / self._tick_float + jitter * half * 0.5
        bid, ask = self._around(mid, half)
        old = self.state
        sizes = bytearray(old.sizes)
        where = bump % BUCKETS
        if (bid, ask) == (old.bid, old.ask) and bump & 0x700:
            where = (bid if bump & 0x800 else ask) % BUCKETS
        sizes[where] = (sizes[where] + 1) & 0xFF
        self._become(BookState(old.seq + jump, old.seq, t_ns, bid, ask, bytes(sizes)))
        if bump & 0x3000 == 0:
            buy = not bump & 0x4000
            self.traded(ask if buy else bid, 1 + self._top_lots // 7, t_ns, buy=buy)
        return (bid, ask) != (old.bid, old.ask) or where in (bid % BUCKETS, ask % BUCKETS)

    def _become(self, state: BookState) -> None:
        self.state = state
        self.history.append(state)
        while len(self.history) > _KEPT_UNWATCHED and self.history[0].t_ns < state.t_ns - _KEPT_NS:
            self.history.popleft()

    def _around(self, mid: float, half: float) -> tuple[int, int]:
        bid = max(1, int(mid - half))
        ask = max(bid + 1, int(mid + half) + 1)
        if self.terms.sig_figs is not None:
            bid -= bid % self.grid(bid)
            ask += -ask % self.grid(ask)
            if ask <= bid:
                ask = bid + self.grid(bid)
        return bid, ask

    def _first_state(self, fair: float, start_ns: int) -> BookState:
        half = self.half_spread_bps / 1e4 * fair / self._tick_float
        bid, ask = self._around(fair / self._tick_float, half)
        start = self.terms.seq_start + self.salt % 1_000_000
        return BookState(start, start, start_ns, bid, ask, bytes(BUCKETS))

    def _level_usd(self) -> float:
        return 1_500.0 + 40_000.0 / (1.0 + self.coin.rank / 4)

    # -- last price and the figures of the day -------------------------------------------------------------------

    def _figures_of_the_day(self, usd_per_unit: float) -> None:
        drift = 1.0 + ((self.coin.rank * 37 + 11) % 101 - 50) / 1000.0  # -5..5 % since yesterday, the same everywhere
        self.last = self.state.ask
        self.last_lots = self._top_lots
        self.open = max(1, round(self.state.ask / drift))
        self.high = round(max(self.open, self.last) * 1.011)
        self.low = max(1, round(min(self.open, self.last) * 0.989))
        part = 0.2 + (self.salt >> 4) % 100 / 125.0
        usd = self.coin.volume_usd * part * (1.0 if self.market == "perp" else 0.35)
        self.volume_lots = round(usd / (usd_per_unit * self._step_float))
        self.turnover = self.volume_lots * self.state.ask  # ticks x lots
        self.trades = 1000 + self.salt % 9_000_000
        self.prints: deque[Print] = deque(maxlen=_PRINTS_UNWATCHED)  # the newest

    def watch_trades(self) -> None:
        """Keep more of the newest prints from now on."""
        if self.prints.maxlen != _PRINTS_WATCHED:
            self.prints = deque(self.prints, maxlen=_PRINTS_WATCHED)

    def traded(self, price: int, lots: int, t_ns: int, *, buy: bool) -> None:
        """Print a public trade; ``buy``: the taker bought."""
        self.last = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.last_lots = lots
        self.volume_lots += lots
        self.turnover += lots * price
        self.trades += 1
        self.prints.append(Print(self.trades, price, lots, buy, t_ns))

    def settled_rate(self, at_ms: int) -> int:
        """What funding was settled at ``at_ms``, in 1e-8 per interval: the same whoever asks whenever."""
        return (salt_of(self.salt, str(at_ms)) % 4001 - 1500) * self.interval_h

    def turnover_text(self) -> str:
        """Quote currency traded in 24 h, exact. Multiply by ``multiplier / price_factor`` where sizes are contracts."""
        return format(self.turnover * self.tick * self.step, "f")


def salt_of(seed: int, key: str) -> int:
    """A number that belongs to ``key`` in the world of ``seed`` (stable over runs and platforms)."""
    return zlib.crc32(f"{seed}/{key}".encode())


def tick_for(price: float) -> Decimal:
    """A tick that gives the price five digits: 83091.6 -> 1, 2.2441 -> 0.0001."""
    return Decimal(1).scaleb(Decimal(price).adjusted() - 4)


def step_for(usd_per_unit: float) -> Decimal:
    """A lot of roughly one dollar, a power of ten, at most one unit."""
    return Decimal(1).scaleb(min(0, -Decimal(usd_per_unit).adjusted()))
