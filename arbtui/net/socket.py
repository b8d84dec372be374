"""One websocket to a venue, so thin that a faster client can take its place.

``pump`` hands over whole messages as bytes and tells text from binary; pings of the server are answered by the library,
and both pings and pongs are reported as signs of life. Everything that can go wrong leaves as one sentence:
``TransportBroken``, or ``VenueRefused`` where the venue answered the handshake with a refusal.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from websockets import exceptions as ws_errors
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

import arbtui
from arbtui.core.errors import OurMistake, RefusalReason, TransportBroken, VenueRefused
from arbtui.net.gateway import NetworkSettings

OPEN_TIMEOUT_S = 8.0  # a venue that cannot be reached must say so within 12 s
CLOSE_TIMEOUT_S = 1.0
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
YIELD_AFTER_S = 0.005  # a burst may hold the loop for so long
_LOOK_EVERY = 32  # messages between two looks at the time
_FAMILIES = {"auto": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_REASONS = {
    403: RefusalReason.REGION_BLOCKED,
    451: RefusalReason.REGION_BLOCKED,
    418: RefusalReason.BANNED,
    429: RefusalReason.RATE_LIMITED,
    401: RefusalReason.NOT_AUTHORISED,
}
_IN_WORDS = {
    403: "it does not serve this address or region",
    451: "it does not serve this region",
    418: "this address is banned for a while",
    429: "too many connections or requests",
}


class Socket:
    """An open connection."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def pump(
        self,
        on_text: Callable[[bytes], None],
        on_binary: Callable[[bytes], None],
        on_life: Callable[[], None],
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        """Hand over messages until the connection ends, which raises ``TransportBroken``.

        ``on_life`` is called for protocol pings and pongs, ``on_read`` before the first of the messages that came
        together: no other task runs between that and the last of them. In a burst the loop gets its turn every few
        milliseconds, and what is left counts as another read.
        """
        connection, time_s = self._connection, asyncio.get_running_loop().time
        connection.on_life = on_life
        kinds, count, yielded_s = connection.kinds, 0, time_s()
        waited = True
        try:
            while True:
                data = await connection.recv(decode=False)
                if waited:
                    on_read()
                is_text = kinds.popleft()
                waited = not kinds  # else the next message is here already
                if is_text:
                    on_text(data)
                else:
                    on_binary(data)
                count += 1
                if count % _LOOK_EVERY == 0 and time_s() - yielded_s > YIELD_AFTER_S:
                    await asyncio.sleep(0)
                    yielded_s = time_s()
                    waited = True
        except ws_errors.ConnectionClosed as closed:
            raise TransportBroken(_how_it_ended(closed)) from closed

    async def send(self, frame: str | bytes) -> None:
        try:
            await self._connection.send(frame)
        except ws_errors.ConnectionClosed as closed:
            raise TransportBroken(_how_it_ended(closed)) from closed

    async def ping(self) -> None:
        """Send a protocol ping; its pong is reported by ``on_life``."""
        try:
            await self._connection.ping()
        except ws_errors.ConnectionClosed as closed:
            raise TransportBroken(_how_it_ended(closed)) from closed

    async def close(self) -> None:
        """Close in order if the other side plays along, else cut; done within about a second."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()
        except TimeoutError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut the connection now."""
        self._connection.transport.abort()


class _Connection(ClientConnection):
    """Notes of each message whether it was text, and tells of pings and pongs."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.kinds: deque[bool] = deque()  # of whole messages that nobody has taken yet
        self._is_text = True
        self.on_life: Callable[[], None] = _nobody

    def process_event(self, event: Frame | Request | Response) -> None:
        if isinstance(event, Frame):
            opcode = event.opcode
            if opcode is Opcode.PING or opcode is Opcode.PONG:
                self.on_life()
            elif opcode is not Opcode.CLOSE:
                if opcode is not Opcode.CONT:
                    self._is_text = opcode is Opcode.TEXT
                if event.fin:
                    self.kinds.append(self._is_text)
        super().process_event(event)


def _nobody() -> None:
    return None


class _Connect(connect):
    """Follows no redirect: the address may name the account, and a login must not go to wherever an answer points."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def open_socket(url: str, network: NetworkSettings, *, compression: bool) -> Socket:
    """Connect to the venue's ``url`` as ``network`` says.

    Raises TransportBroken (cannot be reached), VenueRefused (HTTP 4xx) or OurMistake (an address that makes no sense).
    """
    address = network.address(url)
    host = urlsplit(url).hostname or url
    routing: dict[str, Any] = {"family": _FAMILIES[network.family]}
    if network.family == "auto":
        routing["happy_eyeballs_delay"] = 0.25
    try:
        connection = await _Connect(
            address,
            create_connection=_Connection,
            compression="deflate" if compression else None,
            proxy=network.proxy_for(address),
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,  # the venue's own heartbeat, where it has one, is the feed's business
            max_size=MAX_MESSAGE_BYTES,
            user_agent_header=f"arbtui/{arbtui.__version__}",
            **routing,
        )
    except ws_errors.InvalidStatus as error:
        raise _refusal(host, error.response) from error
    except TimeoutError as error:
        raise TransportBroken(f"{host} did not answer within {OPEN_TIMEOUT_S:g} s") from error
    except (ws_errors.InvalidURI, ws_errors.InvalidProxy) as error:
        raise OurMistake(f"the address for {host} cannot be used: {error}") from error
    except (OSError, ws_errors.InvalidHandshake, ImportError) as error:
        raise TransportBroken(f"{host} cannot be reached: {_in_words(error)}") from error
    assert isinstance(connection, _Connection)
    return Socket(connection)


def _refusal(host: str, response: Response) -> TransportBroken | VenueRefused:
    status = response.status_code
    if status >= 500 or status < 400:
        return TransportBroken(f"{host} answered HTTP {status} instead of opening a socket")
    why = _IN_WORDS.get(status, "it refuses this socket")
    return VenueRefused(
        f"{host} answered HTTP {status}: {why}",
        reason=_REASONS.get(status, RefusalReason.BAD_REQUEST),
        code=str(status),
        retry_after_s=_retry_after_s(response.headers.get("Retry-After"), response.headers.get("Date")),
    )


def _retry_after_s(text: str | None, date: str | None) -> float | None:
    """Seconds to wait as the header says: a number, or a date that is measured against the server's own ``Date``."""
    if not text:
        return None
    try:
        if text.strip().isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):  # no date, or one with and one without a time zone
        return None


def _in_words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its TLS certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ws_errors.ProxyError):
        return f"the proxy failed ({error})"
    if isinstance(error, ws_errors.InvalidMessage):
        return "it closed the connection during the handshake"
    if isinstance(error, ConnectionResetError):
        return "connection reset"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _how_it_ended(closed: ws_errors.ConnectionClosed) -> str:
    received, sent = closed.rcvd, closed.sent
    if received is not None and (sent is None or closed.rcvd_then_sent):
        reason = received.reason or "no reason given"
        return f"closed by the venue: {reason} (code {received.code})"
    if sent is not None and sent.code not in (1000, 1001):
        return f"closed by us: {sent.reason or 'the frame broke the protocol'} (code {sent.code})"
    if sent is not None:
        return "closed by us"
    cause = closed.__cause__
    return "the connection was cut" + (f" ({cause})" if cause is not None and str(cause) else "")
