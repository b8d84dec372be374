"""Mutated frames and bodies of every kind: events or ``ProtocolBroken``, nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from arbtui.core.events import Event, Quote
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.binance import Binance
from arbtui.venues.binance.public import BinanceSession
from tests.venues import binance_samples as sample
from tests.venues import fuzzing
from tests.venues.binance_samples import PERP_MARKET, PERP_PUBLIC, SPOT, array, combined, exchange_info
from tests.venues.test_binance_instruments import interval
from tests.venues.test_binance_rest import DAY, DEPTH, PERP_BBO, PREMIUM

BINANCE = Binance()

PERP_SEEDS = {
    "bbo": combined("btcusdt@bookTicker", sample.PERP_BBO),
    "bbo, bare": sample.PERP_BBO.encode(),
    "diff": combined("btcusdt@depth@100ms", sample.PERP_DIFF),
    "diff, bare": sample.PERP_DIFF.encode(),
    "partial": combined("btcusdt@depth20@100ms", sample.PERP_DIFF),
    "mini tickers": combined("!miniTicker@arr", array(sample.PERP_MINI, sample.COIN_M_MINI)),
    "mini ticker, bare": sample.PERP_MINI.encode(),
    "marks": combined("!markPrice@arr@1s", array(sample.MARK, sample.MARK)),
    "marks, bare": array(sample.MARK).encode(),
    "contract": combined("!contractInfo", sample.CONTRACT_INFO),
    "trade": combined("btcusdt@aggTrade", sample.PERP_TRADE),
    "trade, bare": sample.PERP_TRADE.encode(),
    "shutdown": combined("!serverShutdown", sample.SHUTDOWN),
    "ack": b'{"result":null,"id":1}',
    "unsubscribed": b'{"result":null,"id":2}',
    "list": b'{"result":["btcusdt@bookTicker"],"id":3}',
    "error": b'{"code":2,"msg":"Invalid request","id":1}',
    "error, nested": b'{"error":{"code":2,"msg":"Invalid request"},"id":1}',
}
SPOT_SEEDS = {
    "bbo": combined("btcusdt@bookTicker", sample.SPOT_BBO),
    "bbo, bare": sample.SPOT_BBO.encode(),
    "diff": combined("nknusdt@depth@100ms", sample.SPOT_DIFF),
    "diff, bare": sample.SPOT_DIFF.encode(),
    "partial": combined("btcusdt@depth5", sample.SPOT_PARTIAL),
    "mini tickers": combined("!miniTicker@arr", array(sample.SPOT_MINI)),
    "trade": combined("nknusdt@aggTrade", sample.SPOT_TRADE),
    "shutdown": sample.SHUTDOWN.encode(),
    "ack": b'{"result":null,"id":1}',
}


class Primed(BinanceSession):
    """A session that always has a subscription (id 1) and its end (id 2) under way, so that answers find them."""

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        bbo = (Stream(self._market, Channel.BBO, "BTCUSDT"),)
        self._asked = {1: (True, bbo), 2: (False, bbo)}
        return super().decode(frame, t_ns)


@pytest.mark.parametrize(("url", "seeds"), [(PERP_PUBLIC, PERP_SEEDS), (PERP_MARKET, PERP_SEEDS), (SPOT, SPOT_SEEDS)])
def test_mutated_frames_give_events_or_typed_errors(url: str, seeds: dict[str, bytes]) -> None:
    market = Market.SPOT if url == SPOT else Market.PERP
    session = Primed(market, sample.tables().of(market))
    report = fuzzing.fuzz(
        lambda frame: session.decode(frame, fuzzing.T_NS), seeds, rounds=4000, rng_seed=len(url), check=texts_agree
    )
    reached = {"Quote", "BookDelta", "BookSnapshot", "Ticker", "Trade", "Closing", "Subscribed"}
    if market is Market.PERP:
        reached |= {"MarkPrice", "Funding", "StatusChange", "Refused", "Unsubscribed", "Ignored"}
    assert reached <= report.reached, str(report)
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape", "bad_price", "bad_size"} <= set(report.errors), str(
        report
    )


def texts_agree(event: object) -> None:
    """Whatever was accepted as a quote can also be printed, and says the same there."""
    if isinstance(event, Quote):
        texts = BINANCE.quote_texts(Market.PERP, event.raw) if isinstance(event.raw, bytes) else event.raw
        floats = tuple(None if text is None else float(text) for text in texts)
        assert floats == (event.bid, event.bid_qty, event.ask, event.ask_qty)


def test_mutated_bodies_give_events_or_typed_errors() -> None:
    fapi, api = "https://fapi.binance.com/fapi/v1/", "https://api.binance.com/api/v3/"
    bodies = {
        "perp instruments": (fapi + "exchangeInfo", exchange_info(sample.perp_symbol(), sample.perp_symbol("ETHUSDT"))),
        "spot instruments": (api + "exchangeInfo", exchange_info(sample.spot_symbol())),
        "intervals": (fapi + "fundingInfo", [interval("BTCUSDT", 4), interval("ETHUSDT", 8, updateTime=None)]),
        "perp bbos": (fapi + "ticker/bookTicker", [PERP_BBO, PERP_BBO | {"symbol": "ETHUSDT"}]),
        "spot bbos": (api + "ticker/bookTicker", [PERP_BBO]),
        "day": (fapi + "ticker/24hr", [DAY, DAY]),
        "premium": (fapi + "premiumIndex", [PREMIUM, PREMIUM]),
        "perp book": (fapi + "depth?symbol=BTCUSDT", DEPTH),
        "spot book": (api + "depth?symbol=BTCUSDT&limit=500", DEPTH),
        "time": (fapi + "time", {"serverTime": 1620099477465}),
        "error": (fapi + "depth?symbol=X", {"code": -1121, "msg": "Invalid symbol."}),
    }
    seeds = {
        name: (HttpRequest("GET", url, name), body if isinstance(body, bytes) else json.dumps(body).encode())
        for name, (url, body) in bodies.items()
    }
    report = fuzzing.assert_http_event_or_typed_error(BINANCE, sample.tables(), seeds, rounds=300, rng_seed=7)
    assert report.reached == {
        "Listing", "Funding", "Quote", "Ticker", "MarkPrice", "BookSnapshot", "ServerTime", "refused:VenueRefused",
    }  # fmt: skip


def test_the_harness_notices_a_decoder_that_breaks_its_promise() -> None:
    class Careless(BinanceSession):
        def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
            value = json.loads(frame)["data"]["b"]
            return (Quote(0, float(value), 1.0, 2.0, 1.0, t_ns, None, 0, frame),)

    careless = Careless(Market.PERP, {})
    with pytest.raises(AssertionError):
        fuzzing.assert_event_or_typed_error(careless, {"bbo": PERP_SEEDS["bbo"]}, rounds=50, rng_seed=1)


def test_every_environment_asks_only_what_is_understood() -> None:
    for env in Environment:
        for market in BINANCE.markets:
            for request in [*BINANCE.instrument_requests(env, market), *BINANCE.snapshot_requests(env, market)]:
                assert request.url.startswith("https://")
                assert request.method == "GET"
