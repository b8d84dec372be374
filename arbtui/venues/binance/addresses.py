"""Where Binance lives: one host for each product, environment and purpose; and which stream goes by which route.

USD-M sockets are routed: ``/public`` carries bookTicker and depth, ``/market`` everything else. A stream asked for on
the wrong route is acknowledged and stays silent for ever. Source: Binance USD-M docs, "Important WebSocket Change
Notice" (2026-03-06), "General Info"; spot docs, "WebSocket Streams", "General API Information".
"""

from __future__ import annotations

from arbtui.core.errors import OurMistake
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment
from arbtui.venues.wire import address

REST = {
    (Environment.PROD, Market.PERP): "https://fapi.binance.com",
    (Environment.TESTNET, Market.PERP): "https://testnet.binancefuture.com",
    (Environment.DEMO, Market.PERP): "https://demo-fapi.binance.com",
    (Environment.PROD, Market.SPOT): "https://api.binance.com",
    (Environment.TESTNET, Market.SPOT): "https://testnet.binance.vision",
    (Environment.DEMO, Market.SPOT): "https://demo-api.binance.com",
}

_SOCKETS = {
    (Environment.PROD, Market.PERP): "wss://fstream.binance.com",
    (Environment.TESTNET, Market.PERP): "wss://fstream.binancefuture.com",
    (Environment.DEMO, Market.PERP): "wss://demo-fstream.binance.com",
    (Environment.PROD, Market.SPOT): "wss://stream.binance.com:9443",
    (Environment.TESTNET, Market.SPOT): "wss://stream.testnet.binance.vision",
    (Environment.DEMO, Market.SPOT): "wss://demo-stream.binance.com",
}

_PRIVATE_SOCKETS = {
    (Environment.PROD, Market.PERP): "wss://fstream.binance.com/private/ws",
    (Environment.TESTNET, Market.PERP): "wss://fstream.binancefuture.com/private/ws",
    (Environment.DEMO, Market.PERP): "wss://demo-fstream.binance.com/private/ws",
    (Environment.PROD, Market.SPOT): "wss://ws-api.binance.com:443/ws-api/v3",
    (Environment.TESTNET, Market.SPOT): "wss://ws-api.testnet.binance.vision/ws-api/v3",
    (Environment.DEMO, Market.SPOT): "wss://demo-ws-api.binance.com/ws-api/v3",
}

_TRADE_SOCKETS = {  # those of spot push the account's changes as well; USD-M's demo trading has none that is documented
    (Environment.PROD, Market.PERP): "wss://ws-fapi.binance.com/ws-fapi/v1",
    (Environment.TESTNET, Market.PERP): "wss://testnet.binancefuture.com/ws-fapi/v1",
} | {(env, market): url for (env, market), url in _PRIVATE_SOCKETS.items() if market is Market.SPOT}

_MARKET_OF_HOST = {address(url).host: market for (_, market), url in _SOCKETS.items()} | {
    "stream.binancefuture.com": Market.PERP,
    "data-stream.binance.vision": Market.SPOT,
}

_PUBLIC = (Channel.BBO, Channel.BOOK)
_MARKET = "market"  # purpose, and route, of everything else

_PERP_NAMES = {
    Channel.BBO: "{}@bookTicker",  # !bookTicker is throttled to 5 s: of no use here
    Channel.BOOK: "{}@depth@100ms",
    Channel.TICKER: "!miniTicker@arr",
    Channel.MARK: "!markPrice@arr@1s",
    Channel.FUNDING: "!markPrice@arr@1s",
    Channel.INSTRUMENTS: "!contractInfo",
    Channel.TRADES: "{}@aggTrade",
}

_SPOT_NAMES = {
    Channel.BBO: "{}@bookTicker",
    Channel.BOOK: "{}@depth@100ms",
    Channel.TICKER: "!miniTicker@arr",  # !ticker@arr was retired in 2026-03
    Channel.TRADES: "{}@aggTrade",
}

_NAMES = {Market.PERP: _PERP_NAMES, Market.SPOT: _SPOT_NAMES}


def market_of(url: str) -> Market:
    """The product that a socket's address serves."""
    try:
        return _MARKET_OF_HOST[address(url).host]
    except KeyError:
        raise OurMistake(
            f"{url!r} is no Binance USD-M or spot stream address; known hosts are {', '.join(_MARKET_OF_HOST)}."
        ) from None


def socket_url(env: Environment, market: Market, purpose: str) -> str:
    """The combined-stream address for a purpose. Combined, since a bare partial book does not say whose it is."""
    base = _SOCKETS[env, market]
    if market is Market.SPOT:
        return f"{base}/stream"
    return f"{base}/market/stream" if purpose == _MARKET else f"{base}/public/stream"


def private_socket_url(env: Environment, market: Market) -> str:
    """Where an account's changes are pushed: on USD-M a stream address that wants a listenKey, on spot the WS API."""
    return _PRIVATE_SOCKETS[env, market]


def trade_socket_url(env: Environment, market: Market) -> str | None:
    """Where the WebSocket API takes orders; None where it does not."""
    return _TRADE_SOCKETS.get((env, market))


def purpose_of(stream: Stream) -> str:
    """What the socket is called that carries ``stream``. A kind of its own each, so that frames come in one shape."""
    return stream.channel.value if stream.channel in _PUBLIC else _MARKET


def wire_name(stream: Stream) -> str:
    """``btcusdt@bookTicker``: only names made here are sent, since Binance acknowledges any nonsense in silence.

    Raises ``OurMistake`` for what Binance does not stream.
    """
    name = _NAMES[stream.market].get(stream.channel)
    if name is None or ("{}" in name) != bool(stream.native):
        raise OurMistake(f"Binance has no stream for {stream}.")
    return name.format(stream.native.lower())
