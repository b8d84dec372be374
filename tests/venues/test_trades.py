"""Public trades of every venue: what is asked for, on which socket, and what comes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Trade, Unsubscribed
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.venues.base import Environment, Session, Tables
from arbtui.venues.registry import venue

T_NS = 1_791_382_994_700_000_000
PERP, SPOT = Market.PERP, Market.SPOT


def wire(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Case:
    """One market of one venue: a frame with one trade, as the venue sends it, and what it says."""

    venue: str
    market: Market
    native: str
    frame: dict[str, Any]
    says: Trade
    socket: str
    asks: str  # a part of the request

    @property
    def stream(self) -> Stream:
        return Stream(self.market, Channel.TRADES, self.native)

    def session(self) -> Session:
        (plan,) = venue(self.venue).plan(Environment.PROD, [self.stream])
        return venue(self.venue).session(plan.url, Tables({self.market: {self.native: 7}}))

    def decode(self, *frames: Mapping[str, Any]) -> list[Event]:
        session = self.session()
        return [event for frame in frames for event in session.decode(wire(frame), T_NS)]

    def with_row(self, **changes: Any) -> dict[str, Any]:
        """The frame with members of its row changed."""
        frame: dict[str, Any] = json.loads(wire(self.frame))
        data = frame["data"]
        (data[0] if isinstance(data, list) else data).update(changes)
        return frame


def binance(market: Market, **more: Any) -> dict[str, Any]:
    row = {
        "e": "aggTrade", "E": 1791382994660, "a": 5933014, "s": "BTCUSDT", "p": "83091.60", "q": "0.120", "f": 100,
        "l": 105, "T": 1791382994655, "m": True, **more,
    }  # fmt: skip
    return {"stream": "btcusdt@aggTrade", "data": row}


def bybit(market: Market, **more: Any) -> dict[str, Any]:
    row = {"T": 1791382994655, "s": "BTCUSDT", "S": "Sell", "v": "0.120", "p": "83091.60", "BT": False, **more}
    return {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1791382994657, "data": [row]}


def okx(native: str) -> dict[str, Any]:
    row = {
        "instId": native, "tradeId": "2832749635", "px": "83091.60", "sz": "0.120", "side": "sell",
        "ts": "1791382994655", "count": "1", "source": "0", "seqId": 333793117432,
    }  # fmt: skip
    return {"arg": {"channel": "trades", "instId": native}, "data": [row]}


def bitget(inst_type: str) -> dict[str, Any]:
    row = {
        "ts": "1791382994655", "price": "83091.60", "size": "0.120", "side": "sell", "tradeId": "1235671058980749319",
    }  # fmt: skip
    arg = {"instType": inst_type, "channel": "trade", "instId": "BTCUSDT"}
    return {"action": "update", "arg": arg, "data": [row], "ts": 1791382994657}


def hyperliquid(coin: str) -> dict[str, Any]:
    row = {
        "coin": coin, "side": "A", "px": "83091.60", "sz": "0.120", "hash": "0x0", "time": 1791382994655,
        "tid": 300002, "users": ["0xa", "0xb"],
    }  # fmt: skip
    return {"channel": "trades", "data": [row]}


def trade(trade_id: str) -> Trade:
    return Trade(7, "83091.60", "0.120", "sell", trade_id, T_NS, 1791382994655)


BINANCE_PERP = Case(
    "binance", PERP, "BTCUSDT", binance(PERP, nq="0.120", st=1), trade("105"),
    "wss://fstream.binance.com/market/stream", '"btcusdt@aggTrade"',
)  # fmt: skip
BYBIT_PERP = Case(
    "bybit", PERP, "BTCUSDT", bybit(PERP, L="PlusTick", i="0cbf2330-952d-5d03", RPI=False, seq=1),
    trade("0cbf2330-952d-5d03"), "wss://stream.bybit.com/v5/public/linear", '"publicTrade.BTCUSDT"',
)  # fmt: skip
OKX_PERP = Case(
    "okx", PERP, "BTC-USDT-SWAP", okx("BTC-USDT-SWAP"), trade("2832749635"), "wss://ws.okx.com:8443/ws/v5/public",
    '{"channel":"trades","instId":"BTC-USDT-SWAP"}',
)  # fmt: skip
BITGET_PERP = Case(
    "bitget", PERP, "BTCUSDT", bitget("USDT-FUTURES"), trade("1235671058980749319"),
    "wss://ws.bitget.com/v2/ws/public", '{"instType":"USDT-FUTURES","channel":"trade","instId":"BTCUSDT"}',
)  # fmt: skip
HYPERLIQUID_PERP = Case(
    "hyperliquid", PERP, "BTC", hyperliquid("BTC"), trade("300002"), "wss://api.hyperliquid.xyz/ws",
    '{"type":"trades","coin":"BTC"}',
)  # fmt: skip
CASES = [
    BINANCE_PERP,
    Case(
        "binance", SPOT, "BTCUSDT", binance(SPOT, M=True), trade("105"), "wss://stream.binance.com:9443/stream",
        '"btcusdt@aggTrade"',
    ),
    OKX_PERP,
    Case(
        "okx", SPOT, "BTC-USDT", okx("BTC-USDT"), trade("2832749635"), "wss://ws.okx.com:8443/ws/v5/public",
        '{"channel":"trades","instId":"BTC-USDT"}',
    ),
    BYBIT_PERP,
    Case(
        "bybit", SPOT, "BTCUSDT", bybit(SPOT, i="2290000000050703789"), trade("2290000000050703789"),
        "wss://stream.bybit.com/v5/public/spot", '"publicTrade.BTCUSDT"',
    ),
    BITGET_PERP,
    Case(
        "bitget", SPOT, "BTCUSDT", bitget("SPOT"), trade("1235671058980749319"), "wss://ws.bitget.com/v2/ws/public",
        '{"instType":"SPOT","channel":"trade","instId":"BTCUSDT"}',
    ),
    HYPERLIQUID_PERP,
    Case(
        "hyperliquid", SPOT, "@107", hyperliquid("@107"), trade("300002"), "wss://api.hyperliquid.xyz/ws",
        '{"type":"trades","coin":"@107"}',
    ),
]  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.venue} {case.market.value}" for case in CASES])


@every_case
def test_trades_are_asked_for_on_the_socket_that_carries_them(case: Case) -> None:
    (plan,) = venue(case.venue).plan(Environment.PROD, [case.stream])
    assert plan.url == case.socket
    assert plan.streams == (case.stream,)
    session = case.session()
    (asked,) = session.subscribe([case.stream])
    assert case.asks in str(asked.frame)
    assert asked.streams == (case.stream,)
    (left,) = session.unsubscribe([case.stream])
    assert case.asks in str(left.frame)


@every_case
def test_trades_never_share_a_socket_with_best_prices_that_have_their_own(case: Case) -> None:
    both = [Stream(case.market, Channel.BBO, case.native), case.stream]
    plans = venue(case.venue).plan(Environment.PROD, both)
    assert sorted(str(stream) for plan in plans for stream in plan.streams) == sorted(map(str, both))
    assert len(plans) == (1 if case.venue == "hyperliquid" else 2)


@every_case
def test_silence_is_no_fault_of_trades(case: Case) -> None:
    cadence = venue(case.venue).cadence(case.market, Channel.TRADES)
    assert not cadence.periodic
    assert cadence.quiet_s is None


@every_case
def test_trades_are_not_among_what_every_instrument_streams(case: Case) -> None:
    instrument = Instrument(
        venue=case.venue, market=case.market, native=case.native, base="BTC", quote="USDT", price_ccy="USDT",
        settle_ccy="USDT", multiplier=None, price_factor=None, status=TradingStatus.TRADING,
    )  # fmt: skip
    streams = venue(case.venue).streams_for(instrument)
    assert Channel.TRADES not in {stream.channel for stream in streams}


@every_case
def test_a_trade_is_told_with_exact_texts_and_the_takers_side(case: Case) -> None:
    first, second = case.decode(case.frame, case.frame)
    assert second == case.says
    assert isinstance(first, Trade)
    assert first.past is (case.venue == "hyperliquid")  # whose first frame tells the past again


BUYS: dict[str, dict[str, Any]] = {
    "binance": {"m": False}, "okx": {"side": "buy"}, "bybit": {"S": "Buy"}, "bitget": {"side": "buy"},
    "hyperliquid": {"side": "B"},
}  # fmt: skip


@every_case
def test_a_taker_who_buys_is_told_apart(case: Case) -> None:
    (event,) = case.decode(case.with_row(**BUYS[case.venue]))
    assert isinstance(event, Trade)
    assert event.taker == "buy"


PRICE = {"binance": "p", "okx": "px", "bybit": "p", "bitget": "price", "hyperliquid": "px"}
SIZE = {"binance": "q", "okx": "sz", "bybit": "v", "bitget": "size", "hyperliquid": "sz"}
SIDE = {"binance": "m", "okx": "side", "bybit": "S", "bitget": "side", "hyperliquid": "side"}


@every_case
@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "1e999", "1_0"])
def test_a_price_or_size_that_is_none_is_refused(case: Case, text: str) -> None:
    for name in (PRICE[case.venue], SIZE[case.venue]):
        with pytest.raises(ProtocolBroken) as caught:
            case.decode(case.with_row(**{name: text}))
        assert caught.value.kind in ("bad_price", "bad_size")


@every_case
def test_a_side_that_is_none_is_refused(case: Case) -> None:
    with pytest.raises(ProtocolBroken):
        case.decode(case.with_row(**{SIDE[case.venue]: "maybe"}))


@every_case
def test_trades_of_a_symbol_that_stands_in_no_table_are_left_out(case: Case) -> None:
    session = venue(case.venue).session(case.socket, Tables({case.market: {}}))
    assert list(session.decode(wire(case.frame), T_NS)) == [Ignored("unknown_symbol")]


@pytest.mark.parametrize(
    ("case", "row", "kind"),
    [
        (BINANCE_PERP, {"nq": "0"}, "rpi_trade"),
        (BINANCE_PERP, {"nq": ""}, "rpi_trade"),
        (BINANCE_PERP, {"st": 2}, "other_product"),
        (OKX_PERP, {"source": "1"}, "liquidity_program_trade"),
        (BYBIT_PERP, {"BT": True}, "block_trade"),
        (BYBIT_PERP, {"RPI": True}, "rpi_trade"),
    ],
)
def test_volume_that_an_ordinary_order_could_not_have_met_is_no_trade(
    case: Case, row: dict[str, Any], kind: str
) -> None:
    assert case.decode(case.with_row(**row)) == [Ignored(kind)]


def test_what_retail_orders_took_of_a_binance_trade_does_not_count() -> None:
    (event,) = BINANCE_PERP.decode(BINANCE_PERP.with_row(nq="0.020"))
    assert isinstance(event, Trade)
    assert event.size == "0.020"


def test_what_bitget_tells_on_subscribing_is_the_past() -> None:
    (event,) = BITGET_PERP.decode(BITGET_PERP.frame | {"action": "snapshot"})
    assert isinstance(event, Trade)
    assert event.past


def test_hyperliquid_tells_the_past_again_after_each_subscription() -> None:
    session = HYPERLIQUID_PERP.session()

    def past() -> list[bool]:
        return [isinstance(e, Trade) and e.past for e in session.decode(wire(HYPERLIQUID_PERP.frame), T_NS)]

    session.subscribe([HYPERLIQUID_PERP.stream])
    assert [past(), past(), past()] == [[True], [False], [False]]
    session.subscribe([HYPERLIQUID_PERP.stream])
    assert [past(), past()] == [[True], [False]]


def okx_answer(number: str, op: str) -> dict[str, Any]:
    return {"id": number, "event": op, "arg": {"channel": "trades", "instId": "BTC-USDT-SWAP"}, "connId": "a"}


def bybit_answer(number: str, op: str) -> dict[str, Any]:
    return {"success": True, "ret_msg": "", "conn_id": "a", "req_id": number, "op": op}


def bitget_answer(op: str) -> dict[str, Any]:
    return {"event": op, "arg": {"instType": "USDT-FUTURES", "channel": "trade", "instId": "BTCUSDT"}}


def hyperliquid_answer(op: str) -> dict[str, Any]:
    data = {"method": op, "subscription": {"type": "trades", "coin": "BTC"}}
    return {"channel": "subscriptionResponse", "data": data}


ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "binance": ({"result": None, "id": 1}, {"result": None, "id": 2}),
    "okx": (okx_answer("1", "subscribe"), okx_answer("2", "unsubscribe")),
    "bybit": (bybit_answer("1", "subscribe"), bybit_answer("2", "unsubscribe")),
    "bitget": (bitget_answer("subscribe"), bitget_answer("unsubscribe")),
    "hyperliquid": (hyperliquid_answer("subscribe"), hyperliquid_answer("unsubscribe")),
}
PERPS = [BINANCE_PERP, OKX_PERP, BYBIT_PERP, BITGET_PERP, HYPERLIQUID_PERP]


@pytest.mark.parametrize("case", PERPS, ids=[case.venue for case in PERPS])
def test_asking_and_leaving_are_acknowledged(case: Case) -> None:
    session = case.session()
    asked, left = ANSWERS[case.venue]
    session.subscribe([case.stream])
    assert list(session.decode(wire(asked), T_NS)) == [Subscribed((case.stream,), T_NS)]
    session.unsubscribe([case.stream])
    assert list(session.decode(wire(left), T_NS)) == [Unsubscribed((case.stream,), T_NS)]


def test_a_refusal_names_the_trades_that_it_is_about() -> None:
    session = OKX_PERP.session()
    session.subscribe([OKX_PERP.stream])
    words = "Wrong URL or channel:trades,instId:BTC-USDT-SWAP doesn't exist."
    (event,) = session.decode(wire({"event": "error", "code": "60018", "msg": words, "id": "1"}), T_NS)
    assert isinstance(event, Refused)
    assert event.streams == (OKX_PERP.stream,)
