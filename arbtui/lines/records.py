"""The lines, as types. Encoding and the printed JSON Schema are both made from these, so they cannot drift apart.

Prices and sizes are exact decimal strings per coin; figures that are derived are numbers; what is not known is null.
Fields are only ever added.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Exact = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", description="exact decimal, no exponent")]
Signed = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", description="exact decimal, no exponent")]
Stamp = Annotated[int, Meta(description="nanoseconds UTC")]
MarketName = Literal["spot", "perp"]
Known = Annotated[
    bool,
    Meta(description="false: nobody has said how many coins a unit is; prices and sizes are then as on the wire"),
]


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    t_ns: Stamp


class OfInstrument(Line, frozen=True, kw_only=True):
    venue: str
    market: MarketName
    base: str | None
    quote: str | None
    native: str


class QuoteLine(OfInstrument, frozen=True, kw_only=True, tag="quote"):
    """The venue's best bid and offer as received: one line per accepted frame of its BBO channel."""

    bid: Exact | None
    bid_qty: Exact | None
    ask: Exact | None
    ask_qty: Exact | None
    exchange_ms: Annotated[int, Meta(description="the exchange's time, of its engine where it says so")] | None
    source: Literal["ws", "rest"]
    multiplier_known: Known


class BookLine(OfInstrument, frozen=True, kw_only=True, tag="book"):
    """Best levels of a held order book, ``[price, size]``, best first; empty while it is resyncing."""

    bids: list[tuple[Exact, Exact]]
    asks: list[tuple[Exact, Exact]]
    seq: Annotated[int, Meta(description="the venue's own update id")]
    state: Literal["live", "resyncing"]
    multiplier_known: Known


class TickerLine(OfInstrument, frozen=True, kw_only=True, tag="ticker"):
    """Last trade and 24 h figures."""

    last: Exact | None
    high_24h: Exact | None
    low_24h: Exact | None
    vol_24h_base: Annotated[Exact, Meta(description="coins")] | None
    vol_24h_usd: float | None
    multiplier_known: Known


class FundingLine(OfInstrument, frozen=True, kw_only=True, tag="funding"):
    """Funding of a perpetual; ``rate`` is a fraction per ``interval_h`` and positive when longs pay."""

    rate: float | None
    rate_kind: Literal["estimated", "fixed"] | None
    interval_h: float | None
    rate_per_h: float | None
    next_ms: int | None
    settled_rate: float | None
    mark: Exact | None
    index: Exact | None
    multiplier_known: Known


class PremiumLine(Line, frozen=True, kw_only=True, tag="premium"):
    """``100 (perp - spot) / spot`` of one venue.

    ``spot`` and ``perp`` are mids: exact where both are quoted in one currency, else both in USD at the basis rate.
    """

    venue: str
    base: str
    spot: Exact
    perp: Exact
    premium_pct: float


class LegPart(msgspec.Struct, frozen=True, kw_only=True):
    """One leg: what is bought is priced at the ask, what is sold at the bid."""

    venue: str
    market: MarketName
    native: str
    quote: str | None
    price: Exact | None
    qty: Annotated[Exact, Meta(description="coins at that price")] | None
    age_ms: float | None
    source: Literal["ws", "rest"] | None
    rate_per_h: Annotated[float, Meta(description="funding, fraction per hour; 0 for spot")] | None
    vol_24h_usd: float | None
    fee_bps: float
    fee_source: str


class BasisPart(msgspec.Struct, frozen=True, kw_only=True):
    """The rate that made two quote currencies comparable."""

    pair: str
    rate: float
    age_ms: float


class OfPair(Line, frozen=True, kw_only=True):
    base: str
    buy: LegPart
    sell: LegPart
    gross_bps: float | None
    fees_bps: float | None
    net_bps: float | None
    round_trip_bps: float | None
    top_usd: float | None
    walk_usd: float | None
    walk_net_bps: float | None
    max_usd: float | None
    carry_per_h_bps: float | None
    basis: BasisPart | None
    needs_inventory: bool
    muted: Annotated[str, Meta(description="why the pair is not admissible")] | None


class SpreadLine(OfPair, frozen=True, kw_only=True, tag="spread"):
    """One pair as it stands: the best of its coin, or (``--pairs all``) any."""


class SignalLine(OfPair, frozen=True, kw_only=True, tag="signal"):
    """A candidate was raised, cleared or rejected."""

    id: str
    state: Literal["raised", "cleared", "rejected"]
    reason: str
    advice: str
    confidence: Annotated[float, Meta(ge=0, le=1)]
    threshold_bps: float
    samples: int
    held_ms: float


class AlertLine(Line, frozen=True, kw_only=True, tag="alert"):
    """Something that a person who looks elsewhere is told of; messages carry the same."""

    kind: Literal["signal", "spread", "funding", "venue", "level", "hedge", "test"]
    subject: Annotated[str, Meta(description="the coin, instrument, market of a venue, level or hedge it is about")]
    text: str
    fields: Annotated[dict[str, str | float | int | bool | None], Meta(description="the figures in the text")]


class DecisionLine(Line, frozen=True, kw_only=True, tag="decision"):
    """What the automatic mode did, or why it does not; figures as of then, null where they are not about this."""

    act: Annotated[
        Literal["on", "off", "open", "refuse", "wait", "hold", "close", "cancel"],
        Meta(description="refuse: it wanted to act, and a check before every order said no"),
    ]
    why: Literal[
        "asked",
        "killed",
        "broken",
        "not_armed",
        "signal",
        "may_not_trade",
        "no_way_back",
        "below_threshold",
        "round_trip",
        "thin",
        "funding",
        "cooling_down",
        "unknown",
        "max_hedges",
        "max_position",
        "max_net",
        "checks",
        "opening",
        "fill_timeout",
        "trouble",
        "stands",
        "reverted",
        "profit",
        "time",
    ]
    text: str
    base: str | None
    buy_leg: Annotated[str, Meta(description="venue.market.native, bought at opening")] | None
    sell_leg: Annotated[str, Meta(description="the one sold")] | None
    direction: (
        Annotated[Literal["long", "short"], Meta(description="long buys at the first exchange of the pair")] | None
    )
    hedge: str | None
    signal: Annotated[str, Meta(description="id of the signal that stands")] | None
    size_usd: Annotated[Exact, Meta(description="worth of each leg that was wanted")] | None
    threshold_bps: float | None
    net_bps: Annotated[float, Meta(description="of the pair, after both taker fees")] | None
    round_trip_bps: float | None
    funding_bps: Annotated[float, Meta(description="payments until the expected exit, positive = they cost")] | None
    gap_bps: Annotated[float, Meta(description="of the hedge: what buying back costs above what selling brings")] | None
    result_bps: Annotated[float, Meta(description="of the hedge, closed now, after all fees and funding")] | None
    held_s: float | None
    position_usd: Annotated[Exact, Meta(description="open on the coin at worst, a leg's worth")] | None
    net_usd: Annotated[Exact, Meta(description="unhedged at worst, over all coins")] | None
    hedges: Annotated[int, Meta(description="open, whoever opened them")] | None


class StatusLine(Line, frozen=True, kw_only=True, tag="status"):
    """The health of one venue and market; counts are subscriptions."""

    venue: str
    market: MarketName
    state: Literal["connecting", "live", "degraded", "stale", "down", "maintenance"]
    reason: str
    subscribed: int
    acked: int
    failed: int
    stale: int
    reconnects: int
    msgs_per_s: float
    age_ms_p50: float | None
    age_ms_p99: float | None
    clock_offset_ms: float | None


class ProcessLine(Line, frozen=True, kw_only=True, tag="process"):
    """arbtui itself."""

    rss_mb: float
    cpu_pct: float
    loop_lag_ms_p99: float
    queue: int
    errors: dict[str, int]


SideName = Literal["buy", "sell"]


class OrderLine(OfInstrument, frozen=True, kw_only=True, tag="order"):
    """One order of a hedge, each time its state or what it filled has changed. ``leg``: of the hedge, as it was opened.

    journaled: decided, and on its way to disk; sent: handed over (``t_ns`` is that moment, the line may come later);
    in_doubt: nobody has said yet what became of it; dropped: never sent, or proved never to have taken effect.
    """

    hedge: str
    leg: SideName
    purpose: Literal["enter", "hedge", "rehedge", "unwind", "exit", "flatten"]
    client_id: str
    order_id: Annotated[str, Meta(description="the venue's")] | None
    side: SideName
    kind: Literal["ioc", "post_only", "market"]
    reduce_only: bool
    price: Annotated[Exact, Meta(description="limit")] | None
    qty: Annotated[Exact, Meta(description="coins")]
    filled: Annotated[Exact, Meta(description="coins, of what is known so far")]
    avg_price: Annotated[Exact, Meta(description="of what filled; null while not every fill is told")] | None
    status: Literal["journaled", "sent", "open", "filled", "canceled", "expired", "rejected", "in_doubt", "dropped"]
    reason: Annotated[str, Meta(description="why it was refused or ended, as one word")] | None
    text: Annotated[str, Meta(description="the same in words, the venue's among them; may be empty")]


class FillLine(OfInstrument, frozen=True, kw_only=True, tag="fill"):
    """One execution of a hedge's order, once: as soon as its fee is known, or without it after ten seconds."""

    hedge: str
    client_id: str
    order_id: str
    fill_id: Annotated[str, Meta(description="the venue's, unique for its instrument")]
    side: SideName
    price: Exact
    qty: Annotated[Exact, Meta(description="coins")]
    fee: Annotated[Signed, Meta(description="positive = paid, negative = a rebate")] | None
    fee_ccy: Annotated[str, Meta(description="as the venue spells it")] | None
    maker: bool | None
    exchange_ms: int | None


class HedgeLegPart(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of a hedge: the one bought at opening, or the one sold."""

    venue: str
    market: MarketName
    native: str
    quote: str
    position: Annotated[Signed, Meta(description="coins that this hedge holds there")]
    entry: Annotated[Exact, Meta(description="average price of them")] | None


class PnlPart(msgspec.Struct, frozen=True, kw_only=True):
    """In US dollars; null where a rate or an exit price is not known. Result = price - fees + funding."""

    price_usd: Annotated[float, Meta(description="realised + open, before fees and funding")] | None
    fees_usd: Annotated[float, Meta(description="positive = paid")] | None
    funding_usd: Annotated[float, Meta(description="positive = received")] | None
    realised_usd: Annotated[float, Meta(description="of prices, by lots bought and sold")] | None
    open_usd: Annotated[float, Meta(description="of what is held, at executable exit prices")] | None
    complete: Annotated[bool, Meta(description="false: fills or fees are not all told yet")]


class HedgeLine(Line, frozen=True, kw_only=True, tag="hedge"):
    """A hedge, each time its state has changed, and once more for each alarm that changes none."""

    id: str
    base: str
    state: Literal[
        "previewed",
        "journaled",
        "sending",
        "working",
        "hedged",
        "closing",
        "done",
        "unbalanced",
        "rehedging",
        "unwinding",
        "flat",
        "in_doubt",
        "halted",
    ]
    turn: Annotated[int, Meta(description="0 opens it, each later one closes a part or all")]
    verb: Literal["open", "close", "flatten"]
    style: Literal["taker_taker", "maker_taker"]
    buy: HedgeLegPart
    sell: HedgeLegPart
    qty: Annotated[Exact, Meta(description="coins wanted of each leg in this turn")]
    gap: Annotated[Signed, Meta(description="coins held more on the bought leg than are sold on the other")]
    why: str
    alarm: Annotated[bool, Meta(description="in trouble: somebody should look at it")]
    planned_net_bps: Annotated[float, Meta(description="at review, after both entry fees")] | None
    pnl: PnlPart


class PositionLine(OfInstrument, frozen=True, kw_only=True, tag="position"):
    """A perpetual position of an account, whoever opened it; with zero once when it is gone."""

    held: Annotated[Literal["net", "long", "short"], Meta(description="net, or one side of a two-sided account")]
    qty: Annotated[Signed, Meta(description="coins")]
    entry: Exact | None
    mark: Exact | None
    liquidation: Exact | None
    adl_rank: Annotated[int, Meta(description="the venue's own scale, higher = sooner")] | None
    hedges: Annotated[list[str], Meta(description="hedges that hold it, by id")]
    multiplier_known: Known


class AccountLine(Line, frozen=True, kw_only=True, tag="account"):
    """One asset of one wallet."""

    venue: str
    wallet: str
    asset: str
    total: Annotated[Signed, Meta(description="without open profit")]
    free: Annotated[Signed, Meta(description="what a new order may use")] | None


AnyLine = (
    QuoteLine
    | BookLine
    | TickerLine
    | FundingLine
    | PremiumLine
    | SpreadLine
    | SignalLine
    | AlertLine
    | DecisionLine
    | StatusLine
    | ProcessLine
    | OrderLine
    | FillLine
    | HedgeLine
    | PositionLine
    | AccountLine
)

_encoder = msgspec.json.Encoder()


def encode(line: AnyLine) -> bytes:
    """The line with its newline."""
    return _encoder.encode(line) + b"\n"


def schema() -> dict[str, Any]:
    """One JSON Schema (2020-12) whose instances are the lines."""
    made = msgspec.json.schema(AnyLine)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A line of arbtui --no-ui", **made}
