"""The lines of a recording, as values; writing and reading both pass through here.

One JSON object a line, ``t_ns`` (UTC) in each, everything raw and complete:

    {"t_ns","venue","conn","event":"open","url"}          "continued":true where the file began in mid-connection
    {"t_ns","venue","conn","event":"close","reason"}
    {"t_ns","event":"lost","frames"}                      so many are missing here
    {"t_ns","venue","conn","dir":"in"|"out","text"}       "base64" for binary frames, "redacted" for what is secret
    {"t_ns","venue","http":"METHOD url","body","status","text"}

``url`` is the venue's own address, from which product and framing are told; ``conn`` is an opaque label.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

T = TypeVar("T")

T_MAX_NS = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000


class Opened(msgspec.Struct, frozen=True):
    """A connection opened. ``continued``: it was open already when this file began, and nothing was lost since."""

    t_ns: int
    venue: str
    conn: str
    url: str
    continued: bool = False


class Closed(msgspec.Struct, frozen=True):
    t_ns: int
    venue: str
    conn: str
    reason: str


class Lost(msgspec.Struct, frozen=True):
    """The disk was too slow: so many frames before this line are missing, of whatever connection."""

    t_ns: int
    frames: int


class Frame(msgspec.Struct, frozen=True):
    """``data`` as received, text frames as UTF-8."""

    t_ns: int
    venue: str
    conn: str
    direction: Literal["in", "out"]
    data: bytes
    binary: bool = False


class Http(msgspec.Struct, frozen=True):
    """One REST call and its answer."""

    t_ns: int
    venue: str
    method: str
    url: str
    request_body: bytes
    status: int
    body: bytes


Record = Opened | Closed | Lost | Frame | Http


class BadLine(ValueError):
    """A line that is no record; the text says why. ``torn``: it is not even JSON, as half a line would be."""

    def __init__(self, text: str, *, torn: bool = False) -> None:
        super().__init__(text)
        self.torn = torn


class _Line(msgspec.Struct, omit_defaults=True):
    """Every field that a line may have. What is not known is left alone: the format may grow."""

    t_ns: int
    venue: str | None = None
    conn: str | None = None
    event: str | None = None
    url: str | None = None
    reason: str | None = None
    frames: int | None = None
    continued: bool = False
    dir: Literal["in", "out"] | None = None
    http: str | None = None
    body: str | None = None
    body_base64: str | None = None
    status: int | None = None
    text: str | None = None
    base64: str | None = None
    redacted: str | None = None


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """One line, its newline included. Bytes that are no UTF-8 are kept as base64."""
    match record:
        case Opened(t_ns, venue, conn, url, continued):
            line = _Line(t_ns, venue, conn, "open", url=url, continued=continued)
        case Closed(t_ns, venue, conn, reason):
            line = _Line(t_ns, venue, conn, "close", reason=reason)
        case Lost(t_ns, frames):
            line = _Line(t_ns, event="lost", frames=frames)
        case Frame(t_ns, venue, conn, direction, data, binary):
            text = None if binary else _text(data)
            line = _Line(t_ns, venue, conn, dir=direction, text=text, base64=_base64(data) if text is None else None)
        case Http(t_ns, venue, method, url, request_body, status, body):
            asked, text = _text(request_body), _text(body)
            line = _Line(
                t_ns,
                venue,
                http=f"{method} {url}",
                body=asked or None,
                body_base64=_base64(request_body) if asked is None else None,
                status=status,
                text=text,
                base64=_base64(body) if text is None else None,
            )
    return _encoder.encode(line) + b"\n"


def decode(text: bytes) -> Record | None:
    """The record of a line; None for a frame whose content was left out on purpose. Raises ``BadLine``."""
    try:
        line = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise BadLine(str(error)) from None
    except msgspec.DecodeError as error:
        raise BadLine(f"not JSON: {error}", torn=True) from None
    except RecursionError:
        raise BadLine("not JSON: nested too deeply", torn=True) from None
    if not 0 <= line.t_ns < T_MAX_NS:
        raise BadLine(f'"t_ns" is {str(line.t_ns)[:40]}, which is no time between 1970 and 2200 in nanoseconds')
    if line.event == "lost":
        return Lost(line.t_ns, _need(line.frames, "frames"))
    venue = _need(line.venue, "venue")
    if line.http is not None:
        return _http(line, venue, line.http)
    conn = _need(line.conn, "conn")
    if line.event == "open":
        return Opened(line.t_ns, venue, conn, _need(line.url, "url"), line.continued)
    if line.event == "close":
        return Closed(line.t_ns, venue, conn, line.reason or "")
    if line.event is not None:
        raise BadLine(f'unknown event "{line.event}"')
    if line.dir is None:
        raise BadLine("neither an event, nor a frame, nor a REST call")
    if line.redacted is not None:
        return None
    return Frame(line.t_ns, venue, conn, line.dir, _content(line), binary=line.base64 is not None)


def _http(line: _Line, venue: str, call: str) -> Http:
    method, _, url = call.partition(" ")
    if not url:
        raise BadLine(f'"http" is "{call}" in place of a method and an address')
    body = _bytes(line.body_base64) if line.body_base64 is not None else (line.body or "").encode()
    return Http(line.t_ns, venue, method, url, body, _need(line.status, "status"), _content(line))


def _content(line: _Line) -> bytes:
    if line.base64 is not None:
        return _bytes(line.base64)
    return _need(line.text, "text").encode("utf-8", "surrogatepass")


def _need(value: T | None, name: str) -> T:
    if value is None:
        raise BadLine(f'"{name}" is missing')
    return value


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLine(f"bad base64: {error}") from None
