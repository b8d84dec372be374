"""Every setting: type, default, one sentence. The example file, ``config show`` and the refusals are made from this.

Models are strict: "3" is no number and 1 is no truth value; environment and flags are parsed before they get here.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from arbtui.config.alerting import Alerts, Notify
from arbtui.config.automatic import Auto
from arbtui.config.section import MOST_USD, Coin, Coins, Section

MarketName = Literal["spot", "perp"]
CategoryName = Literal["crypto", "tradfi", "pre_market"]
ThemeName = Literal["", "dark", "light", "high-contrast", "green-red", "red-green", "ansi", "grey"]
LayoutName = Literal["", "all", "scan", "trade", "chart"]


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError("must be an address that begins with http:// or https://")
    return text.rstrip("/")


def _web_address_or_nothing(text: str) -> str:
    return _web_address(text) if text else text


_LEG = r"[a-z0-9]+\.(?:spot|perp)\.[^\s>]+"
_VENUE = r"[a-z0-9]+"
_THRESHOLD_KEY = re.compile(rf"{_LEG}>{_LEG}|[^\s:>+.]+:{_VENUE}>{_VENUE}|{_VENUE}\+{_VENUE}|[^\s:>+.]+")


def _threshold_key(text: str) -> str:
    if not _THRESHOLD_KEY.fullmatch(text):
        raise ValueError(
            "must be a coin (BTC), a coin with its direction (BTC:okx>binance), two exchanges (okx+binance) or a pair "
            "(okx.perp.BTC-USDT-SWAP>binance.perp.BTCUSDT)"
        )
    return text


def _leg(text: str) -> str:
    if not re.fullmatch(_LEG, text):
        raise ValueError("must name an instrument as venue.market.native, e.g. okx.perp.BTC-USDT-SWAP")
    return text


def _venue_and_native(text: str) -> str:
    if not re.fullmatch(rf"{_VENUE}\.\S+", text):
        raise ValueError("must name an instrument as venue.native, e.g. binance.1000PEPEUSDT")
    return text


Address = Annotated[str, AfterValidator(_web_address)]
AddressOrNothing = Annotated[str, AfterValidator(_web_address_or_nothing)]
Markets = Annotated[tuple[MarketName, ...], Strict(strict=False)]
Categories = Annotated[tuple[CategoryName, ...], Strict(strict=False)]
Bps = Annotated[float, Field(gt=-10_000, lt=10_000)]
FeeBps = Annotated[float, Field(gt=-1000, lt=1000)]
ThresholdKey = Annotated[str, AfterValidator(_threshold_key)]
Leg = Annotated[str, AfterValidator(_leg)]
VenueAndNative = Annotated[str, AfterValidator(_venue_and_native)]


class VenueSettings(Section):
    """One exchange."""

    enabled: bool = Field(default=True, description="Whether this exchange is used at all.")
    environment: Literal["prod", "testnet", "demo"] = Field(
        default="prod",
        description="Which world: the exchange's real market, its testnet, or its own paper trading.",
    )
    markets: Markets = Field(default=("spot", "perp"), min_length=1, description="Which of its markets are streamed.")
    orders: Literal["rest", "socket"] = Field(
        default="rest",
        description="How orders and cancels are sent: by REST, or over the exchange's own socket for orders while that "
        "is up and by REST while it is not. An exchange without such a socket gets them by REST.",
    )
    urls: dict[str, Address] = Field(
        default={},
        description="Replaces addresses: host as the exchange documents it -> base address that is called instead, for "
        "https and sockets alike.",
        examples=[{"fapi.binance.com": "https://relay.example/binance"}],
    )


class Network(Section):
    """How exchanges are reached."""

    family: Literal["auto", "ipv4", "ipv6"] = Field(default="auto", description="Which internet protocol is used.")
    proxy: AddressOrNothing = Field(
        default="", description="HTTP proxy for every connection; empty = none.", examples=["http://127.0.0.1:3128"]
    )
    compression: bool = Field(
        default=False,
        description="Ask for compressed sockets where the exchange offers them: less traffic, more processor time.",
    )


class MarketChoice(Section):
    """Which coins are streamed, and which may signal."""

    symbols: Coins = Field(
        default=(), description="Stream these coins only; empty = choose by volume.", examples=[["BTC", "ETH"]]
    )
    top: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        default=300,
        description='How many coins are streamed, by the lesser 24 h volume of a coin\'s two best exchanges, or "all".',
    )
    min_vol_24h_usd: float = Field(
        default=0.0,
        ge=0,
        description="An instrument that traded less in 24 h raises no signal; unknown counts as 0.",
    )
    categories: Categories = Field(
        default=("crypto",),
        min_length=1,
        description="What may stand behind the price: crypto, tradfi (stocks, currencies, metals), pre_market.",
    )


class MarketFees(Section):
    """Your rates on one market of one exchange."""

    taker_bps: FeeBps | None = Field(
        default=None,
        description="Your taker fee in basis points, negative = rebate; absent = the exchange's rate for new accounts.",
        examples=[5.0],
    )
    maker_bps: FeeBps | None = Field(
        default=None, description="Your maker fee in basis points, negative = rebate.", examples=[2.0]
    )


class VenueFees(Section):
    """Your rates on one exchange."""

    spot: MarketFees = MarketFees()
    perp: MarketFees = MarketFees()


class Pairs(Section):
    """Which kinds of pairs are compared."""

    perp_perp: bool = Field(default=True, description="Perpetual against perpetual.")
    spot_perp: bool = Field(default=True, description="Spot against perpetual.")
    spot_spot: bool = Field(default=True, description="Spot against spot.")
    sell_spot: bool = Field(default=False, description="Whether a pair may sell spot: you must own the coin there.")


class Signals(Section):
    """When a spread becomes a signal."""

    threshold_bps: Bps = Field(
        default=5.0, description="Net spread after taker fees, in basis points, from which a pair counts."
    )
    thresholds: dict[ThresholdKey, Bps] = Field(
        default={},
        description="Thresholds of their own; the most specific wins: pair, coin with direction, coin, two exchanges.",
        examples=[{"BTC": 3.0, "BTC:okx>binance": 2.5, "okx+binance": 6.0}],
    )
    sample_ms: int = Field(default=500, ge=10, le=60_000, description="How often candidates are looked at.")
    samples: int = Field(default=3, ge=1, le=1000, description="So many looks in a row must pass.")
    min_hold_ms: int = Field(default=1000, ge=0, le=3_600_000, description="And it must have stood for so long.")
    min_size_usd: float = Field(default=100.0, ge=0, description="And it must be there for at least this size.")
    hysteresis_bps: float = Field(
        default=2.0, ge=0, le=1000, description="A signal is cleared only this far below its threshold."
    )
    cooldown_s: float = Field(default=30.0, ge=0, le=86_400, description="A pair raises again only after this time.")


class Walk(Section):
    """The size for which order books are walked."""

    usd: float = Field(default=1000.0, gt=0, description="US dollars on each leg.")


class Books(Section):
    """Order books."""

    max: int = Field(
        default=60, ge=2, le=2000, description="How many order books are held at once, those of watched coins first."
    )


class Basis(Section):
    """How prices in USDC, USDT and USD are made comparable."""

    pair: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9]+\.\S+$",
        description="The spot pair that gives the rate, as venue.native; empty = the freshest with a narrow spread.",
        examples=["binance.USDCUSDT"],
    )
    usd_as: Literal["USDC", "USDT"] = Field(default="USDC", description="What a price in plain USD counts as.")
    max_age_s: float = Field(default=10.0, gt=0, le=3600, description="An older rate mutes the pairs that need it.")


class Identity(Section):
    """When one ticker on two exchanges is the same coin."""

    tolerance_pct: float = Field(
        default=20.0, gt=0, le=1000, description="Mark or index prices further apart than this are not the same coin."
    )
    same: Coins = Field(
        default=(), description="Coins that are the same everywhere whatever their prices say.", examples=[["ABC"]]
    )
    coins: dict[Leg, Coin] = Field(
        default={},
        description="Which coin an instrument really is: venue.market.native -> coin.",
        examples=[{"bitget.spot.ABCUSDT": "ABC2"}],
    )


class Multiplier(Section):
    """What one listed unit of an instrument is."""

    coin: Coin = Field(description="The coin behind it.")
    multiplier: int = Field(ge=1, description="How many coins one listed unit stands for.")


class Instruments(Section):
    """What the shipped tables do not know yet."""

    multipliers: dict[VenueAndNative, Multiplier] = Field(
        default={},
        description="Instruments that trade many coins as one: venue.native -> coin and number of coins.",
        examples=[{"binance.1000ABCUSDT": {"coin": "ABC", "multiplier": 1000}}],
    )


BandBps = Annotated[float, Field(ge=0, le=1000)]
LimitUsd = Annotated[float, Field(gt=0, le=MOST_USD)] | Literal["off"]
LimitCount = Annotated[int, Field(ge=1, le=1_000_000)] | Literal["off"]


class Hedge(Section):
    """What a hedged order may cost, and what is done when a leg is missing. Bands are beyond the price at review."""

    take_band_bps: BandBps = Field(default=10.0, description="How far a first order may pay beyond the frozen price.")
    thinner_first: bool = Field(
        default=False, description="Send the leg with the thinner book alone first, the other for what it filled."
    )
    max_price_age_ms: float = Field(default=2000.0, gt=0, le=60_000, description="No order is priced by older prices.")
    maker_band_bps: BandBps = Field(default=10.0, description="How far a resting price may follow the market.")
    maker_drift_bps: BandBps = Field(
        default=10.0, description="How far the other leg may move away while the first one rests."
    )
    maker_requotes: int = Field(default=30, ge=0, le=10_000, description="How often a resting order may be moved.")
    maker_requote_after_ms: int = Field(
        default=1000, ge=100, le=600_000, description="An order rests at least so long before it is moved."
    )
    maker_rest_s: float = Field(
        default=60.0, gt=0, le=86_400, description="Then it is canceled, and what filled is the hedge."
    )
    rehedge_band_bps: BandBps = Field(
        default=20.0, description="What the missing leg may cost beyond the frozen price."
    )
    rehedge_tries: int = Field(default=3, ge=0, le=100, description="How often it is tried.")
    rehedge_within_s: float = Field(default=3.0, ge=0, le=600, description="For how long it is tried.")
    unwind_band_bps: BandBps = Field(default=100.0, description="What giving an unhedged leg back may cost.")
    unwind_tries: int = Field(default=5, ge=1, le=100, description="How often that is tried before a person decides.")
    unwind_pause_ms: int = Field(default=250, ge=0, le=60_000, description="Pause between two such tries.")
    stale_halt_s: float = Field(
        default=10.0, gt=0, le=600, description="So long without a price fit for a repair, and a person decides."
    )
    flatten_band_bps: BandBps = Field(default=100.0, description="What flattening may cost.")
    answer_s: float = Field(
        default=5.0, gt=0, le=60, description="An order without any word of the exchange for so long is in doubt."
    )
    doubt_alarm_s: float = Field(default=30.0, gt=0, le=3600, description="Doubt that lasts so long is an alarm.")
    doubt_halt_s: float = Field(default=120.0, gt=0, le=86_400, description="And after so long a person decides.")
    on_leg_lost: Literal["halt", "rebalance"] = Field(
        default="halt", description="When the exchange takes a leg away (liquidation, ADL): halt, or even the legs out."
    )
    stop_within_s: float = Field(
        default=10.0, gt=0, le=120, description="At the end of a run: so long to finish or unwind what is under way."
    )


class Limits(Section):
    """How much may be risked. Amounts are one leg's worth in US dollars; "off" lifts a limit."""

    order_usd: LimitUsd = Field(default=1000.0, description="One hedged order.")
    coin_usd: LimitUsd = Field(default=5000.0, description="Open on one coin.")
    venue_usd: LimitUsd = Field(
        default=10_000.0, description="Open on one exchange; of a hedge within one exchange both legs."
    )
    day_usd: LimitUsd = Field(default=50_000.0, description="Opened since 00:00 UTC.")
    day_loss_usd: LimitUsd = Field(
        default=200.0,
        description="Loss from which nothing opens: of what ended since 00:00 UTC, and of what is open, closed now.",
    )
    losing_in_row: LimitCount = Field(default=5, description="Closed hedges that lost, one after another.")
    rejected_in_row: LimitCount = Field(default=5, description="Hedges that an exchange refused, one after another.")
    open_hedges: LimitCount = Field(default=10, description="Hedges open at once.")
    again_after_s: float = Field(
        default=5.0, ge=0, le=3600, description="The same two legs again only after this time."
    )


class Live(Section):
    """Orders to real accounts (--live). Read at the start, from config.toml; nothing on the screen changes it."""

    enabled: bool = Field(
        default=False,
        description="Whether --live may trade real money, where the environment is prod. Only config.toml can say "
        "so, no variable.",
    )
    allow_withdraw_keys: bool = Field(
        default=False, description="Arm although a key may also withdraw; arbtui itself never does."
    )
    arm_minutes: int = Field(
        default=60,
        ge=1,
        le=1440,
        description="Arming ends by itself after so long; open hedges are still looked after.",
    )
    stream_down_s: float = Field(
        default=10.0, gt=0, le=600, description="Arming ends when an account's own stream is down for so long."
    )


class Paper(Section):
    """The account that orders are tried on when nothing real is sent. A new account begins with these balances."""

    usdt: float = Field(default=50_000.0, ge=0, description="USDT in each wallet of each exchange.")
    usdc: float = Field(default=50_000.0, ge=0, description="USDC in each wallet of each exchange.")
    latency_ms: int = Field(default=60, ge=0, le=60_000, description="How long an order is on its way.")
    leverage: float = Field(default=3.0, ge=1, le=125, description="Leverage of perpetual positions, cross margin.")


class Recording(Section):
    """Raw traffic on disk."""

    dir: str = Field(default="", description="Record all traffic into this folder; empty = do not (--record).")
    gzip: bool = Field(default=True, description="Compress recordings.")
    roll_mib: int = Field(default=256, ge=1, le=4096, description="Begin a new file at this size (and at 00:00 UTC).")


class Csv(Section):
    """Daily CSV files."""

    dir: str = Field(
        default="",
        description="Keep signals, spreads and best prices as CSV in this folder; empty = do not (--csv).",
    )


class Log(Section):
    """Log files."""

    dir: str = Field(default="", description="Folder of the log files; empty = the platform's usual place.")
    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")


class Ui(Section):
    """The screen, as it looks at start; what you change with keys is kept in state.toml."""

    symbol: str = Field(default="", description="The coin that is selected; empty = the best one.", examples=["BTC"])
    sort: str = Field(
        default="", description="Column that the grid is sorted by; empty = net spread.", examples=["carry"]
    )
    theme: ThemeName = Field(
        default="",
        description="Colours; empty = dark. Gain is blue and loss orange except in green-red and red-green; ansi uses "
        "the terminal's own sixteen colours.",
        examples=["light"],
    )
    ascii: bool = Field(default=False, description="Paint nothing beyond ASCII (--ascii).")
    mouse: bool = Field(
        default=True,
        description="Listen to the mouse; else (--no-mouse) it is the terminal's, which selects text with it. A click "
        "never confirms an order.",
    )
    time: Literal["utc", "local"] = Field(
        default="utc", description="Times of day on the screen: UTC, or those of this machine's zone."
    )
    unit: Literal["bps", "percent"] = Field(
        default="bps",
        description="How the screen writes spreads, fees and thresholds, and reads those that are typed; tickets, "
        "settings and what the engine says in sentences stay in basis points.",
    )
    layout: LayoutName = Field(default="", description="Which panes get more room; empty = all.", examples=["trade"])
    chart: str = Field(
        default="",
        pattern=r"^((net|premium|depth|equity) (1|10|60))?$",
        description="What the chart shows (net, premium, depth or equity), and the last 1, 10 or 60 minutes of it; "
        "empty = net 10.",
        examples=["premium 60"],
    )
    on_hangup: Literal["stop", "headless"] = Field(
        default="stop",
        description="When the terminal is gone or the screen broke: stop in good order, or go on without a screen, "
        "disarmed, until SIGTERM. What is open is looked after in both.",
    )


class Settings(Section):
    """All settings. ``venues`` and ``fees`` hold every exchange that this version knows."""

    venues: dict[str, VenueSettings] = Field(default={})
    network: Network = Network()
    market: MarketChoice = MarketChoice()
    fees: dict[str, VenueFees] = Field(default={})
    pairs: Pairs = Pairs()
    signals: Signals = Signals()
    walk: Walk = Walk()
    books: Books = Books()
    basis: Basis = Basis()
    identity: Identity = Identity()
    instruments: Instruments = Instruments()
    hedge: Hedge = Hedge()
    limits: Limits = Limits()
    auto: Auto = Auto()
    live: Live = Live()
    paper: Paper = Paper()
    recording: Recording = Recording()
    csv: Csv = Csv()
    log: Log = Log()
    alerts: Alerts = Alerts()
    notify: Notify = Notify()
    ui: Ui = Ui()
    keys: dict[str, str] = Field(
        default={},
        description="Keys of the screen: each action with its keys, separated by commas; an empty text takes them "
        "away. ? on the screen names every action with its keys.",
        examples=[{"grid.sort": "s, f5", "order.kill": "!, ctrl+x, f12", "pane.zoom": "Z"}],
    )

    def enabled_venues(self) -> tuple[str, ...]:
        """Names of the exchanges in use, in the order of this version's list."""
        return tuple(name for name, venue in self.venues.items() if venue.enabled)

    def multipliers(self) -> dict[tuple[str, str], tuple[str, int]]:
        """``instruments.multipliers`` as ``core.multipliers.resolve`` takes them."""
        split = ((key.partition("."), entry) for key, entry in self.instruments.multipliers.items())
        return {(venue, native): (entry.coin, entry.multiplier) for (venue, _, native), entry in split}
