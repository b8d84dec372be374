"""Ways for a message to leave: a webhook, a program of the person's, one service of the apprise library.

    channel.send(message)     returns once it was taken; raises ``NotDelivered`` with one sentence

The message is JSON, the same for webhook (the body of a POST) and program (a line on standard input):

    {"type": "alert", "t_ns": 1760000000000000000, "kind": "level", "subject": "BTC > 90000",
     "text": "BTC is at 90012.5, at or above 90000", "fields": {"base": "BTC", "price": 90012.5, ...},
     "mode": "PAPER", "left_out": 0}

``t_ns`` nanoseconds UTC; ``kind`` signal|spread|funding|venue|level|hedge|test; ``text`` one sentence, which webhooks
of chats that show a field "text" (Slack, Mattermost) take as it is; ``fields`` the figures, null where unknown;
``left_out`` how many messages before this one this channel has not delivered.

Addresses hold tokens: no sentence, log line or exception of this module has any part of one but its scheme.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import orjson
from pydantic import SecretStr

from arbtui.core.alerts import Alert
from arbtui.core.errors import TransportBroken
from arbtui.net.gateway import NetworkSettings

PAUSE_S = 1.0  # before the second try of a webhook; four times as long before each later one
LONGEST_PAUSE_S = 30.0
KILLED_WITHIN_S = 1.0
EXTRA = 'pip install "arbtui[notify]"'
_FAMILIES = {"auto": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_FOREIGN = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "paho")  # they log whole addresses


class NotDelivered(TransportBroken):
    """A message did not get through. The text says why, and holds no address."""


@dataclass(frozen=True)
class Message:
    """An alert as it leaves: ``mode`` is the word on the screen, ``left_out`` as above."""

    alert: Alert
    mode: str
    left_out: int = 0

    @property
    def title(self) -> str:
        return f"arbtui {self.mode}: {self.alert.kind.value}"

    @property
    def body(self) -> str:
        """For people."""
        missed = f" ({self.left_out} messages before this one were not delivered)" if self.left_out else ""
        return self.alert.text + missed

    def json(self) -> bytes:
        alert = self.alert
        return orjson.dumps(
            {
                "type": "alert",
                "t_ns": alert.t_ns,
                "kind": alert.kind.value,
                "subject": alert.subject,
                "text": alert.text,
                "fields": dict(alert.fields),
                "mode": self.mode,
                "left_out": self.left_out,
            }
        )


class Channel(Protocol):
    """``name``: as a person knows it; it holds no secret."""

    name: str

    async def send(self, message: Message) -> None: ...

    async def close(self) -> None: ...


class Webhook:
    """POSTs each message. No answer, 5xx and 429 are tried again; redirects are not followed."""

    name = "webhook"

    def __init__(
        self, url: SecretStr, network: NetworkSettings, *, timeout_s: float, tries: int, pause_s: float = PAUSE_S
    ) -> None:
        self._url = url
        self._network = network
        self._timeout_s = timeout_s
        self._tries = tries
        self._pause_s = pause_s
        self._http: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> None:
        body, pause_s = message.json(), self._pause_s
        for number in range(1, self._tries + 1):
            problem, again, wanted_s = await self._post(body)
            if not problem:
                return
            if not again or number == self._tries:
                tried = f" ({number} tries)" if number > 1 else ""
                raise NotDelivered(problem + tried)
            await asyncio.sleep(min(max(pause_s, wanted_s), LONGEST_PAUSE_S))
            pause_s *= 4

    async def _post(self, body: bytes) -> tuple[str, bool, float]:
        """What went wrong ("" = nothing), whether to try again, and how long the other side wants us to wait."""
        url = self._url.get_secret_value()
        headers = {"Content-Type": "application/json", "User-Agent": "arbtui"}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._session().post(
                    url, data=body, headers=headers, allow_redirects=False, proxy=self._network.proxy_for(url)
                ) as answer,
            ):
                if 200 <= answer.status < 300:
                    return "", False, 0.0
                again = answer.status == 429 or answer.status >= 500
                return f"it answered {answer.status}", again, _seconds(answer.headers.get("Retry-After"))
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s", True, 0.0
        except aiohttp.InvalidURL:
            return "its address is not valid", False, 0.0
        except aiohttp.ClientError as error:  # its text holds the address
            return f"it could not be reached ({_why(error)})", True, 0.0

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(family=_FAMILIES[self._network.family]),
                timeout=aiohttp.ClientTimeout(total=None),  # its own timers swallow a cancellation that meets them
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None


def _why(error: aiohttp.ClientError) -> str:
    """What lies behind it, in words that name no host."""
    cause = getattr(error, "os_error", None)
    if isinstance(cause, OSError) and not isinstance(cause, socket.gaierror) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)
    return type(error).__name__


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else 0.0


class Program:
    """Runs a program for each message: its arguments as they are, no shell, the message on standard input.

    It gets the environment without this program's own variables, which may hold keys of accounts. One that takes too
    long is killed with all that it started.
    """

    name = "command"

    def __init__(self, argv: Sequence[str], *, timeout_s: float, environ: Mapping[str, str] | None = None) -> None:
        self._argv = tuple(argv)
        self._timeout_s = timeout_s
        given = os.environ if environ is None else environ
        self._environ = {name: value for name, value in given.items() if not name.startswith("ARBTUI_")}

    async def send(self, message: Message) -> None:
        null = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=null,
                stderr=null,  # it may quote what nobody else is to read
                env=self._environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "an argument holds a zero byte"
            raise NotDelivered(f"{self._argv[0]} cannot be started: {why}") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                await process.communicate(message.json() + b"\n")
        except TimeoutError:
            raise NotDelivered(f"{self._argv[0]} took more than {self._timeout_s:g} s and was killed") from None
        finally:
            await _killed(process)
        if process.returncode:
            raise NotDelivered(f"{self._argv[0]} ended with {process.returncode}")

    async def close(self) -> None:
        """Nothing is kept open."""


async def _killed(process: asyncio.subprocess.Process) -> None:
    """End a program that has not ended, and its children."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(KILLED_WITHIN_S):
            await process.wait()


class Apprise:
    """One service of the apprise library, each message in a thread of its own that may hang without holding anybody."""

    def __init__(self, url: SecretStr, number: int, *, timeout_s: float) -> None:
        self.name = f"apprise {number} ({url.get_secret_value().partition('://')[0]})"
        self._url = url
        self._timeout_s = timeout_s
        self._at_work: threading.Thread | None = None

    async def send(self, message: Message) -> None:
        if self._at_work is not None and self._at_work.is_alive():
            raise NotDelivered("the message before this one is still on its way")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def work() -> None:
            problem = self._notify(message)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, and the run with it
                loop.call_soon_threadsafe(_settle, answer, problem)

        # a daemon: a service that hangs must not keep the program from ending
        self._at_work = threading.Thread(target=work, name="notify", daemon=True)
        self._at_work.start()
        try:
            async with asyncio.timeout(self._timeout_s):
                problem = await answer
        except TimeoutError:
            raise NotDelivered(f"not delivered within {self._timeout_s:g} s") from None
        if problem:
            raise NotDelivered(problem)

    def _notify(self, message: Message) -> str:
        """In the thread: what went wrong, "" = nothing."""
        _silence()
        try:
            library: Any = importlib.import_module("apprise")
        except ImportError:
            return MISSING
        try:
            service = library.Apprise()
            if not service.add(self._url.get_secret_value()):
                return "apprise does not understand this address"
            taken = service.notify(title=message.title, body=message.body)
        except Exception as error:  # noqa: BLE001 - foreign code at a thread's end; its text may hold the address
            return f"apprise failed ({type(error).__name__})"
        return "" if taken else "the service did not take the message"

    async def close(self) -> None:
        """A thread under way is left to itself."""


MISSING = f"the apprise library is not installed: {EXTRA}"


def apprise_is_there() -> bool:
    return importlib.util.find_spec("apprise") is not None


def _settle(answer: asyncio.Future[str], problem: str) -> None:
    if not answer.done():
        answer.set_result(problem)


def _silence() -> None:
    """Nothing that these libraries log gets anywhere: they name addresses, tokens in them."""
    for name in _FOREIGN:
        logger = logging.getLogger(name)
        if logger.propagate:
            logger.propagate = False
            logger.addHandler(logging.NullHandler())
