"""What pushes an account's changes: one socket for USD-M, one for spot, and how each is opened.

USD-M: a listenKey is asked for by REST (the API key alone does), put into the socket's address, and renewed: it lives
60 minutes. The same key is answered while one is alive, so an overlapping second socket gets the same events.
Spot: listenKeys were removed in 2026-02; one signed request on the WebSocket API subscribes.

Source: Binance USD-M docs, "User Data Streams"; spot docs, "User Data Streams", "WebSocket API".
"""

from __future__ import annotations

from functools import partial

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Market
from arbtui.venues.base import Environment, Manners
from arbtui.venues.binance.addresses import REST, private_socket_url
from arbtui.venues.binance.refusals import demand
from arbtui.venues.binance.signing import keyed_request
from arbtui.venues.conversation import guarded_secret
from arbtui.venues.private import KeyCall, Keys, StreamKey, UserStream
from arbtui.venues.wire import with_query

USDM = UserStream("perp.user", (Market.PERP,), needs_key=True, renew_every_s=30 * 60.0)
SPOT = UserStream("spot.user", (Market.SPOT,))

_PATH = "/fapi/v1/listenKey"

# Nothing may come for hours, so a heartbeat of ours is what proves the line. Both products cut at 24 h.
MANNERS = Manners(messages_per_s=3.0, streams_per_socket=1, ping_every_s=15.0, lifetime_s=23 * 3600.0)


class _ListenKey(msgspec.Struct, rename="camel"):
    listen_key: str = ""


_LISTEN_KEY = msgspec.json.Decoder(_ListenKey)


def key_call(env: Environment, keys: Keys, stream: UserStream, *, renew: bool) -> KeyCall:
    """The listenKey, or its renewal, after which the key may be "": kept, and not told again.

    A renewal refused with -1125 says that the key has ended.
    """
    if not stream.needs_key:
        raise ValueError(f"the stream {stream.label} needs no key")
    what = "renewal of the listenKey" if renew else "listenKey"
    url = REST[env, Market.PERP] + _PATH
    request = keyed_request(keys, "PUT" if renew else "POST", url, purpose=f"perp {what}", cost=1)
    return KeyCall(request, partial(_read_key, what, renew), request.purpose)


def _read_key(what: str, renew: bool, status: int, body: bytes) -> StreamKey:
    demand(Market.PERP, status, body, what)
    key = guarded_secret(_LISTEN_KEY, body, what).listen_key  # of which half may be in what cannot be read
    if not key and not renew:
        raise ProtocolBroken("unknown_shape", "Binance's answer has no listenKey in it")
    return StreamKey(key)


def stream_url(env: Environment, stream: UserStream, key: StreamKey | None) -> str:
    """ValueError where the stream needs a key and there is none."""
    url = private_socket_url(env, stream.markets[0])
    if not stream.needs_key:
        return url
    if key is None or not key.key:
        raise ValueError(f"the stream {stream.label} needs a listenKey")
    return with_query(url, listenKey=key.key)
