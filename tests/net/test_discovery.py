"""Discovery: each product stands alone, pages are one listing, failures keep what was known."""

import asyncio
import random
from collections.abc import Sequence
from typing import cast

import pytest

from arbtui.core.clock import ManualClock
from arbtui.core.errors import ArbtuiError, ProtocolBroken, TransportBroken
from arbtui.core.events import Event, Funding, Listing
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.net.discovery import Discovery
from arbtui.net.rest import Answer, Rest
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue


def instrument(native: str) -> Instrument:
    return Instrument(
        venue="toy",
        market=Market.PERP,
        native=native,
        base=native,
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=None,
        price_factor=None,
        status=TradingStatus.TRADING,
    )


class ToyVenue:
    """Answers are lists of natives split by commas; ``>`` at the end announces another page."""

    name = "toy"

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return [HttpRequest("GET", f"https://toy/{product}", product) for product in ("linear", "coin", "funding")]

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        return HttpRequest("GET", request.url + "+", request.purpose) if body.endswith(b">") else None

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        if request.purpose == "funding":
            return [Funding(slot=0, t_ns=t_ns, interval_h=4.0)]
        if body.startswith(b"<html"):
            raise ProtocolBroken("not_json", "toy answered with a web page")
        natives = [n for n in body.decode().rstrip(">").split(",") if n]
        return [Listing(Market.PERP, request.purpose, [instrument(n) for n in natives], t_ns, dropped={"dated": 1})]


class ToyRest:
    def __init__(self, answers: dict[str, bytes | ArbtuiError]) -> None:
        self.answers = answers

    async def fetch(self, venue: str, request: HttpRequest) -> Answer:
        answer = self.answers[request.url.removeprefix("https://toy/")]
        if isinstance(answer, ArbtuiError):
            raise answer
        return Answer(200, answer, 0, 1)


class Host:
    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str]]] = []
        self.events: list[Event] = []
        self.notices: list[str] = []
        self.errors: list[str] = []
        self.disbelieve: set[str] = set()

    def take_listing(self, venue: str, listing: Listing) -> str | None:
        if listing.product in self.disbelieve:
            return f"{listing.product} lost more than half"
        self.taken.append((listing.product, [i.native for i in listing.instruments]))
        return None

    def apply(self, venue: str, event: Event) -> None:
        self.events.append(event)

    def notice(self, level: str, text: str) -> None:
        self.notices.append(text)

    def count_error(self, venue: str, error: ArbtuiError) -> None:
        self.errors.append(str(error))


def discovery(answers: dict[str, bytes | ArbtuiError], host: Host) -> Discovery:
    return Discovery(
        cast("Venue", ToyVenue()),
        Market.PERP,
        Environment.PROD,
        Tables({Market.PERP: {}}),
        cast("Rest", ToyRest(answers)),
        ManualClock(),
        host,
        random.Random(1),
    )


async def test_pages_of_one_product_become_one_listing() -> None:
    host = Host()
    found = discovery({"linear": b"BTC,ETH>", "linear+": b"SOL", "coin": b"X", "funding": b""}, host)
    assert await found.refresh()
    assert host.taken == [("linear", ["BTC", "ETH", "SOL"]), ("coin", ["X"])]
    assert found.reports["linear"].dropped == {"dated": 2}
    assert len(host.events) == 1


async def test_a_product_that_fails_does_not_take_the_others_with_it() -> None:
    host = Host()
    found = discovery({"linear": TransportBroken("toy did not answer"), "coin": b"X", "funding": b""}, host)
    assert not await found.refresh()
    assert host.taken == [("coin", ["X"])]
    assert found.error == "toy did not answer"
    assert host.notices == ["toy perp: toy did not answer"]
    assert found.ready.is_set()


async def test_a_web_page_in_place_of_the_list_is_counted_and_said_once() -> None:
    host = Host()
    found = discovery({"linear": b"<html>", "coin": b"X", "funding": b""}, host)
    assert not await found.refresh()
    assert not await found.refresh()
    assert host.errors == ["toy answered with a web page"] * 2
    assert len(host.notices) == 1


async def test_a_listing_that_is_not_believed_counts_as_failed() -> None:
    host = Host()
    host.disbelieve.add("linear")
    found = discovery({"linear": b"BTC", "coin": b"X", "funding": b""}, host)
    assert not await found.refresh()
    assert found.reports["linear"].error == "linear lost more than half"
    assert found.reports["linear"].refreshed_ns is None


async def test_what_is_not_believed_is_said_with_its_beginning_until_it_is_believed() -> None:
    host = Host()
    found = discovery({"linear": b"BTC", "coin": b"X", "funding": b""}, host)
    assert await found.refresh()
    assert found.disbelieved == ""
    host.disbelieve.add("linear")
    for _ in range(2):
        assert not await found.refresh()
        assert found.disbelieved == (
            "linear lost more than half; not believed since 1970-01-01 00:00 UTC, the instruments of before stand"
        )
    host.disbelieve.clear()
    assert await found.refresh()
    assert found.disbelieved == ""


@pytest.mark.parametrize("turns", range(6))
async def test_a_stop_that_meets_a_poke_ends_it(turns: int) -> None:
    found = discovery({"linear": b"BTC", "coin": b"X", "funding": b""}, Host())
    running = asyncio.create_task(found.run())
    await found.done_once.wait()
    await asyncio.sleep(0)
    found.poke()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=1.0)
    running.cancel()
    assert done
