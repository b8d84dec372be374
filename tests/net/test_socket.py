"""One socket: what it hands over, and in which words it fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from arbtui.core.errors import OurMistake, RefusalReason, TransportBroken, VenueRefused
from arbtui.net import socket as net_socket
from arbtui.net.gateway import NetworkSettings
from arbtui.net.socket import Socket, open_socket
from tests.net.toy import until

URL = "wss://toy.test/ws"


@contextlib.asynccontextmanager
async def server(talk: Callable[[ServerConnection], object], **more: Any) -> AsyncIterator[NetworkSettings]:
    async def handler(connection: ServerConnection) -> None:
        answer = talk(connection)
        if asyncio.iscoroutine(answer):
            await answer

    async with serve(handler, "127.0.0.1", 0, ping_interval=None, **more) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        yield NetworkSettings(gateway=f"http://127.0.0.1:{port}")


class Heard:
    def __init__(self) -> None:
        self.text: list[bytes] = []
        self.binary: list[bytes] = []
        self.life = 0

    def on_life(self) -> None:
        self.life += 1

    async def pump(self, opened: Socket) -> TransportBroken:
        """Pump to the end; how it ended."""
        with pytest.raises(TransportBroken) as ended:
            await opened.pump(self.text.append, self.binary.append, self.on_life)
        return ended.value


def refusing(status: int, **headers: str) -> Callable[[ServerConnection, Request], Response]:
    def process(connection: ServerConnection, request: Request) -> Response:
        phrase = HTTPStatus(status).phrase
        all_headers = Headers({"Connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}})
        return Response(status, phrase, all_headers, b"")

    return process


async def refusal(status: int, **headers: str) -> VenueRefused:
    async with server(lambda connection: None, process_request=refusing(status, **headers)) as network:
        with pytest.raises(VenueRefused) as refused:
            await open_socket(URL, network, compression=False)
    return refused.value


async def test_text_and_binary_messages_are_told_apart_and_fragments_are_one() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("one")
        await connection.send(b"two")
        await connection.send(["thr", "ee"])
        await connection.send([b"fo", b"ur"])

    async with server(talk) as network:
        heard = Heard()
        ended = await heard.pump(await open_socket(URL, network, compression=False))
    assert heard.text == [b"one", b"three"]
    assert heard.binary == [b"two", b"four"]
    assert "closed by the venue" in str(ended)
    assert "1000" in str(ended)


async def test_what_came_together_is_one_read_and_what_is_waited_for_is_another() -> None:
    async def talk(connection: ServerConnection) -> None:
        for number in range(20):
            await connection.send(str(number))
        await connection.recv()
        await connection.send(["la", "st"])

    async with server(talk) as network:
        opened = await open_socket(URL, network, compression=False)
        told: list[str] = []
        heard = Heard()
        pumping = asyncio.create_task(
            opened.pump(
                lambda data: told.append(data.decode()), heard.binary.append, heard.on_life, lambda: told.append("|")
            )
        )
        await until(lambda: "19" in told)
        assert told[0] == "|"
        assert told.count("|") < 20
        assert [word for word in told if word != "|"] == [str(number) for number in range(20)]
        before = told.count("|")
        await opened.send("go on")
        with pytest.raises(TransportBroken):
            await pumping
        assert told[-2:] == ["|", "last"]
        assert told.count("|") == before + 1


async def test_pings_and_pongs_are_signs_of_life() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        async with asyncio.timeout(2):
            await (await connection.ping())  # answered by the library
        await connection.recv()

    async with server(talk) as network:
        opened, heard = await open_socket(URL, network, compression=False), Heard()
        pumping = asyncio.create_task(heard.pump(opened))
        await opened.send("hello")
        await opened.ping()
        await until(lambda: heard.life >= 2)
        await opened.send("done")
        await pumping


async def test_the_venues_words_on_closing_are_kept() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.close(1008, "Too many requests")

    async with server(talk) as network:
        ended = await Heard().pump(await open_socket(URL, network, compression=False))
    assert str(ended) == "closed by the venue: Too many requests (code 1008)"


async def test_a_cut_line_is_said_to_be_cut() -> None:
    async with server(lambda connection: connection.transport.abort()) as network:
        ended = await Heard().pump(await open_socket(URL, network, compression=False))
    assert str(ended).startswith("the connection was cut")


async def test_a_message_beyond_all_bounds_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_socket, "MAX_MESSAGE_BYTES", 1000)
    async with server(lambda connection: connection.send("x" * 2000)) as network:
        ended = await Heard().pump(await open_socket(URL, network, compression=False))
    assert "closed by us" in str(ended)
    assert "1009" in str(ended)


async def test_a_refused_connection_is_one_sentence_with_the_venues_host() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(TransportBroken) as broken:
        await open_socket(URL, NetworkSettings(gateway=f"http://127.0.0.1:{port}"), compression=False)
    assert str(broken.value) == "toy.test cannot be reached: connection refused"


async def test_a_name_that_does_not_exist_is_said_to_be_unresolvable() -> None:
    with pytest.raises(TransportBroken) as broken:
        await open_socket("ws://no-such-host.invalid/", NetworkSettings(), compression=False)
    assert str(broken.value) == "no-such-host.invalid cannot be reached: its name cannot be resolved"


async def test_something_that_speaks_no_tls_is_said_to_fail_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listening:
        network = NetworkSettings(gateway=f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        with pytest.raises(TransportBroken, match=r"toy\.test cannot be reached: TLS failed"):
            await open_socket(URL, network, compression=False)
        await asyncio.sleep(0.02)


async def test_a_listener_that_hangs_up_or_never_answers_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def keep_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    for handler, words, within_s in (
        (hang_up, "closed the connection during the handshake", 10.0),
        (keep_still, "did not answer", 0.2),
    ):
        monkeypatch.setattr(net_socket, "OPEN_TIMEOUT_S", within_s)
        listening = await asyncio.start_server(handler, "127.0.0.1", 0)
        async with listening:
            network = NetworkSettings(gateway=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
            with pytest.raises(TransportBroken, match=words):
                await open_socket(URL, network, compression=False)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, RefusalReason.REGION_BLOCKED),
        (451, RefusalReason.REGION_BLOCKED),
        (418, RefusalReason.BANNED),
        (429, RefusalReason.RATE_LIMITED),
        (400, RefusalReason.BAD_REQUEST),
    ],
)
async def test_a_refused_handshake_names_status_and_reason(status: int, reason: RefusalReason) -> None:
    refused = await refusal(status)
    assert refused.reason is reason
    assert refused.code == str(status)
    assert f"toy.test answered HTTP {status}" in str(refused)
    assert refused.retry_after_s is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 20 Nov 2026 07:00:30 GMT", 30.0),
        ("soon", None),
        ("-5", None),
        ("Fri, 20 Nov 2026 07:00:30 -0000", None),  # no time zone: cannot be compared
    ],
)
async def test_the_wait_that_a_venue_names_is_read(header: str, seconds: float | None) -> None:
    refused = await refusal(429, Retry_After=header, Date="Fri, 20 Nov 2026 07:00:00 GMT")
    assert refused.retry_after_s == seconds


@pytest.mark.parametrize("status", [500, 503])
async def test_a_broken_server_is_transport_not_refusal(status: int) -> None:
    async with server(lambda connection: None, process_request=refusing(status)) as network:
        with pytest.raises(TransportBroken, match=f"HTTP {status}"):
            await open_socket(URL, network, compression=False)


async def test_an_address_that_makes_no_sense_is_our_mistake() -> None:
    with pytest.raises(OurMistake, match="cannot be used"):
        await open_socket("ftp://toy.test/", NetworkSettings(), compression=False)
    with pytest.raises(OurMistake, match="cannot be used"):
        await open_socket(URL, NetworkSettings(proxy="nonsense"), compression=False)


async def test_the_proxy_is_asked_for_the_venues_host_and_its_failure_is_named() -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with listening:
        network = NetworkSettings(proxy=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        with pytest.raises(TransportBroken, match=r"toy\.test cannot be reached: the proxy failed"):
            await open_socket(URL, network, compression=False)
        await asyncio.sleep(0.02)
    assert asked[0].startswith(b"CONNECT toy.test:443 ")


@pytest.mark.parametrize("wanted", [False, True])
async def test_compression_is_offered_by_choice_only(wanted: bool) -> None:
    offered: list[str | None] = []

    def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.append(connection.request.headers.get("Sec-WebSocket-Extensions"))

    async with server(talk) as network:
        await Heard().pump(await open_socket(URL, network, compression=wanted))
    assert (offered[0] is not None) is wanted


async def test_the_internet_protocol_can_be_chosen() -> None:
    async with server(lambda connection: None) as network:
        only_six = NetworkSettings(gateway=network.gateway, family="ipv6")
        with pytest.raises(TransportBroken):  # the server is at 127.0.0.1
            await open_socket(URL, only_six, compression=False)
        only_four = NetworkSettings(gateway=network.gateway, family="ipv4")
        await Heard().pump(await open_socket(URL, only_four, compression=False))


async def test_closing_a_peer_that_does_not_answer_takes_about_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_socket, "CLOSE_TIMEOUT_S", 0.1)

    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(1.0)
        connection.transport.abort()

    async with server(deaf) as network:
        opened = await open_socket(URL, network, compression=False)
        await asyncio.sleep(0.05)
        async with asyncio.timeout(0.8):
            await opened.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_its_address_not_repeated(status: int) -> None:
    asked = 0

    def elsewhere(connection: ServerConnection, request: Request) -> Response:
        nonlocal asked
        asked += 1
        return Response(status, "", Headers({"Location": "/ws?listenKey=do-not-tell", "Content-Length": "0"}))

    async with server(lambda _connection: None, process_request=elsewhere) as network:
        with pytest.raises(TransportBroken, match=f"answered HTTP {status} instead") as refused:
            await open_socket(f"{URL}?listenKey=do-not-tell", network, compression=False)
    assert asked == 1
    assert "do-not-tell" not in str(refused.value)
