"""REST to all venues: budgets obeyed, every answer recorded, every refusal named.

One client for the whole program. ``ask`` waits until the host's budget allows the call, sends it, judges the status and
hands the body to the venue's codec. A wait demanded by a venue (429, 418, Retry-After) closes the host's budget, so all
callers wait, not only the one that was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.errors import RefusalReason, TransportBroken, VenueRefused
from arbtui.core.events import Event
from arbtui.core.recorder import Recorder
from arbtui.net.budget import Budget, Budgets
from arbtui.net.gateway import NetworkSettings
from arbtui.venues.base import HttpRequest, Tables, Venue

TIMEOUT_S = 10.0
MAX_BODY_BYTES = 64 * 1024 * 1024
AT_ONCE_PER_HOST = 8  # connections; what comes beyond waits for one
AT_ONCE_BYTES = 64 * 1024  # so much is decoded in about a millisecond
RATE_LIMIT_PAUSE_S = 10.0  # after a 429 that names no wait; doubled each time in a row
MAX_PAUSE_S = 300.0
FREQUENT_PAUSE_S = 600.0  # after a 403 that speaks of frequency
BAN_PAUSE_S = 120.0  # after a 418 that names no wait
_FAMILIES = {"auto": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


@dataclass(frozen=True)
class Answer:
    """What came back; ``sent_ns``..``t_ns`` brackets it in engine time."""

    status: int
    body: bytes
    sent_ns: int
    t_ns: int


class NotSent(TransportBroken):
    """No connection came about: not a byte of the request has left this machine."""


async def decode(venue: Venue, request: HttpRequest, answer: Answer, tables: Tables) -> Sequence[Event]:
    """What the answer says, as ``Venue.decode_http``; a large body is read beside the loop.

    A thousand rows take 5 to 20 ms, in which no frame would be heard. Codecs are stateless and look symbols up one by
    one, in tables whose ids are never given away again; what they say is applied on the loop.
    """
    if len(answer.body) <= AT_ONCE_BYTES:
        return venue.decode_http(request, answer.status, answer.body, tables, answer.t_ns)
    return await asyncio.to_thread(venue.decode_http, request, answer.status, answer.body, tables, answer.t_ns)


class Rest:
    """Use as an async context manager; ``ask`` decodes, ``fetch`` does not."""

    def __init__(
        self,
        network: NetworkSettings,
        budgets: Budgets,
        clock: Clock,
        *,
        recorder: Recorder | None,
        rng: random.Random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._network = network
        self.timeout_s = timeout_s
        self._budgets = budgets
        self._clock = clock
        self._recorder = recorder
        self._rng = rng
        self._http: aiohttp.ClientSession | None = None
        self._rate_limited_in_a_row: dict[str, tuple[int, int]] = {}  # how often, and when last

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(family=_FAMILIES[self._network.family], limit_per_host=AT_ONCE_PER_HOST),
            timeout=aiohttp.ClientTimeout(total=None),  # its own timers swallow a cancellation that meets them
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(self, venue: Venue, request: HttpRequest, tables: Tables) -> Sequence[Event]:
        """Send ``request`` and decode the answer.

        Raises TransportBroken (no answer, 5xx), VenueRefused (4xx, error bodies) or ProtocolBroken (another shape).
        """
        answer = await self.fetch(venue.name, request)
        return await decode(venue, request, answer, tables)

    async def fetch(self, venue: str, request: HttpRequest) -> Answer:
        """Send ``request`` when the budget allows it.

        Raises TransportBroken or VenueRefused; 2xx, and 4xx with the venue's own error body, are returned.
        """
        host = urlsplit(request.url).hostname or ""
        budget = self._budgets.of(host, request.bucket)
        await self._afford(budget, request.cost)
        answer = await self._send(request, host)
        if self._recorder is not None:
            self._recorder.http(
                answer.t_ns, venue, request.method, request.url, request.body, answer.status, answer.body
            )
        self._judge(host, request, answer)
        return answer

    async def carry(self, request: HttpRequest) -> Answer:
        """Send ``request`` now and return whatever comes back, neither judged nor recorded: for signed requests.

        The budget is not asked (``wait_s`` tells what it says) but charged. A redirect is an answer like any other:
        followed, it would send an order again, and the keys to whatever address it names. Raises NotSent where nothing
        can have left this machine, TransportBroken where it may have.
        """
        self.charge(request)
        return await self._send(request, urlsplit(request.url).hostname or "", redirects=False)

    def charge(self, request: HttpRequest) -> None:
        """Take what ``request`` costs from its budget: it goes out now, here or by another way that counts the same."""
        self._budgets.of(urlsplit(request.url).hostname or "", request.bucket).spend(request.cost, self._clock.now_ns())

    def told_used(self, request: HttpRequest, used: Mapping[str, float]) -> None:
        """The venue's own count of the buckets of the host of ``request``, where it came by another way."""
        host, now_ns = urlsplit(request.url).hostname or "", self._clock.now_ns()
        for bucket, spent in used.items():
            self._budgets.of(host, bucket).observe(spent, now_ns)

    def wait_s(self, request: HttpRequest, leave: float = 0.0) -> float:
        """Seconds until the budget of ``request`` allows it, and ``leave`` of it (0..1) is left then; 0 = now."""
        budget = self._budgets.of(urlsplit(request.url).hostname or "", request.bucket)
        return budget.wait_ns(request.cost, self._clock.now_ns(), leave) / NS_PER_S

    async def _afford(self, budget: Budget, cost: float) -> None:
        while True:
            wait_ns = budget.wait_ns(cost, self._clock.now_ns())
            if not wait_ns:
                break
            await asyncio.sleep(wait_ns / NS_PER_S)  # others may have spent meanwhile: look again
        budget.spend(cost, self._clock.now_ns())

    async def _send(self, request: HttpRequest, host: str, *, redirects: bool = True) -> Answer:
        if self._http is None:
            raise RuntimeError("the REST client is used outside of its context")
        sent_ns = self._clock.now_ns()
        address = self._network.address(request.url)
        try:
            async with (
                asyncio.timeout(self.timeout_s),
                self._http.request(
                    request.method,
                    URL(address, encoded=True),  # as it is: what is signed is what goes out, byte for byte
                    data=request.body or None,
                    headers=dict(request.headers),
                    proxy=self._network.proxy_for(address),
                    allow_redirects=redirects,
                ) as response,
            ):
                body = await response.content.read(MAX_BODY_BYTES + 1)
                while len(body) <= MAX_BODY_BYTES and not response.content.at_eof():
                    body += await response.content.read(MAX_BODY_BYTES + 1 - len(body))
                self._headers(host, request, response, body[:300], sent_ns)
        except TimeoutError as error:
            raise TransportBroken(f"{host} did not answer within {self.timeout_s:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"{host} cannot be reached: {_in_words(error)}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TransportBroken(f"{host} cannot be reached: {_in_words(error)}") from error
        if len(body) > MAX_BODY_BYTES:
            raise TransportBroken(f"{host} sent more than {MAX_BODY_BYTES >> 20} MiB for {request.purpose}")
        return Answer(response.status, body, sent_ns, self._clock.now_ns())

    def _headers(
        self, host: str, request: HttpRequest, response: aiohttp.ClientResponse, beginning: bytes, sent_ns: int
    ) -> None:
        now_ns = self._clock.now_ns()
        if (name := self._budgets.used_headers.get((host, request.bucket))) and (used := response.headers.get(name)):
            with contextlib.suppress(ValueError):  # an odd header is no reason to lose the answer; our own count stands
                self._budgets.of(host, request.bucket).observe(float(used), now_ns)
        budget = self._budgets.of(host, request.bucket)
        if response.status == 429 and budget.apart_s is not None:
            budget.close(now_ns + round(_named_wait_s(response, budget.apart_s) * NS_PER_S))
        elif response.status in (418, 429) or _too_frequent(response.status, beginning):
            wait_s = self._pause_s(host, response.status, sent_ns, response.headers.get("Retry-After", ""))
            self._budgets.close_host(host, now_ns + round(wait_s * NS_PER_S))
        else:
            self._rate_limited_in_a_row.pop(host, None)

    def turned_away(self, request: HttpRequest, status: int, sent_ns: int, named_s: float | None = None) -> None:
        """The venue answered ``request`` with 429 or 418 by another way: its budget closes as if it had been REST.

        ``named_s``: for so long, by the venue's word.
        """
        host, now_ns = urlsplit(request.url).hostname or "", self._clock.now_ns()
        budget = self._budgets.of(host, request.bucket)
        if status == 429 and budget.apart_s is not None:
            budget.close(now_ns + round((budget.apart_s if named_s is None else named_s) * NS_PER_S))
        else:
            pause_s = self._pause_s(host, status, sent_ns, "" if named_s is None else str(named_s))
            self._budgets.close_host(host, now_ns + round(pause_s * NS_PER_S))

    def _pause_s(self, host: str, status: int, sent_ns: int, named: str = "") -> float:
        times, last_ns = self._rate_limited_in_a_row.get(host, (0, 0))
        if times == 0 or sent_ns > last_ns:  # else it was under way when the venue refused another
            times += 1
            self._rate_limited_in_a_row[host] = (times, self._clock.now_ns())
        try:
            named_s = float(named)
        except ValueError:
            base_s = {418: BAN_PAUSE_S, 403: FREQUENT_PAUSE_S}.get(status, RATE_LIMIT_PAUSE_S)
            named_s = max(base_s, min(MAX_PAUSE_S, base_s * 2 ** (times - 1)))
        return max(1.0, named_s) * self._rng.uniform(1.0, 1.1)

    def _judge(self, host: str, request: HttpRequest, answer: Answer) -> None:
        what = f"{host} refused {request.purpose}"
        if answer.status == 429:
            raise VenueRefused(f"{what}: too many requests (HTTP 429)", reason=RefusalReason.RATE_LIMITED, code="429")
        if answer.status == 418 or _too_frequent(answer.status, answer.body[:300]):
            raise VenueRefused(
                f"{what}: this address is banned for a while (HTTP {answer.status})",
                reason=RefusalReason.BANNED,
                code=str(answer.status),
            )
        if answer.status in (403, 451):
            raise VenueRefused(
                f"{what} from this address or region (HTTP {answer.status}); set a proxy or another host for it",
                reason=RefusalReason.REGION_BLOCKED,
                code=str(answer.status),
            )
        if answer.status >= 500:
            raise TransportBroken(f"{host} failed on {request.purpose} (HTTP {answer.status})")


def _named_wait_s(response: aiohttp.ClientResponse, otherwise_s: float) -> float:
    try:
        return float(response.headers.get("Retry-After", ""))
    except ValueError:
        return otherwise_s


def _too_frequent(status: int, beginning: bytes) -> bool:
    """Bybit's way to ban an address for ten minutes. Source: Bybit V5 docs, "Rate Limit Rules" (403)."""
    return status == 403 and b"too frequent" in beginning.lower()


def _in_words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return f"TLS failed ({error})"
    if isinstance(error, aiohttp.ClientConnectorError):
        return os.strerror(error.os_error.errno).lower() if error.os_error.errno else str(error.os_error)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "its answer broke off"
    return str(error) or type(error).__name__
