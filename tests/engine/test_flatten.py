"""`arbtui flatten` from credentials alone, against simulated accounts: what it leaves there is the judge."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from arbtui.config import Paths, load
from arbtui.core.errors import OutcomeUnknown
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import Order, OrderKind, OrderStatus
from arbtui.engine import bare_account
from arbtui.engine.by_rest import accounts_by_rest
from arbtui.engine.control import Scope
from arbtui.engine.flatten import Flattening, from_credentials, on_paper
from arbtui.engine.orders import journal_path
from arbtui.engine.whose import Whose
from arbtui.execution.intents import Purpose, client_id
from arbtui.execution.lifecycle import Step
from arbtui.execution.ports import Record
from arbtui.execution.records import Fact, Intended, Ordered, Stepped, Told, record
from arbtui.net.gateway import NetworkSettings
from arbtui.storage.journal import Journal
from arbtui.storage.lock import ModeLock
from arbtui.venues.base import HttpRequest
from arbtui.venues.okx.private import OkxPrivate
from arbtui.venues.private import Keys, WaitingCall, WaitingOrder
from tests.execution.stage import HEDGE, T0, Stage, fill, instrument, intent, report
from tests.sim.support import served

PERPS = {"binance": "BTCUSDT", "okx": "BTC-USDT-SWAP"}


class Accounts:
    """The simulated accounts, a person's hand in them, and flatten."""

    def __init__(self, client: aiohttp.ClientSession, url: str, folder: Path, keys: dict[str, Keys]) -> None:
        self._client = client
        self._url = url
        self._keys = keys
        self.folder = folder
        self.said: list[str] = []
        self.confirms = 0
        self.lacking: dict[str, str] = {}
        nowhere = folder / "none"
        self.settings = load(Paths(nowhere, nowhere, nowhere, folder, folder), tuple(PERPS), environ={}).settings

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        async with self._client.request(method, path, json=body or None) as answer:
            found = await answer.json()
            assert answer.status == 200, found
            return found

    async def trade(self, venue: str, side: str, qty: str, **more: str) -> Any:
        """By hand, at market unless ``price`` is given."""
        asked = {"venue": venue, "market": "perp", "symbol": PERPS[venue], "side": side, "qty": qty, **more}
        return await self.ask("POST", "/_sim/orders", **asked)

    async def rest(self, venue: str, side: str, qty: str, times: str, native: str = "") -> Any:
        """An order that rests, at so many times the best price."""
        native = native or PERPS[venue]
        row = (await self.ask("GET", f"/_sim/truth?venue={venue}&symbol={native}"))["venues"][venue]["perp"][native]
        tick = Decimal(row["tick"])
        price = (Decimal(row["bids"][0][0]) * Decimal(times) / tick).to_integral_value() * tick
        return await self.trade(venue, side, qty, price=str(price), symbol=native)

    async def fault(self, name: str, **more: Any) -> None:
        await self.ask("POST", "/_sim/faults", fault=name, **more)

    async def truth(self, venue: str) -> Any:
        return (await self.ask("GET", "/_sim/truth"))["accounts"][venue]["main"]

    async def open(self, venue: str) -> tuple[dict[str, Decimal], list[str]]:
        """Positions that are not flat, and orders that rest."""
        truth = await self.truth(venue)
        positions = {row["native"]: Decimal(row["qty"]) for row in truth["positions"] if Decimal(row["qty"])}
        return positions, [row["id"] for row in truth["orders"] if row["status"] == "open"]

    async def flatten(
        self, scope: Scope | None = None, *, dry_run: bool = False, yes: bool = True, venues: Sequence[str] = ()
    ) -> int:
        def confirm() -> bool:
            self.confirms += 1
            return yes

        self.said.clear()
        job = Flattening(
            mode="TESTNET",
            data_dir=self.folder,
            scope=scope or Scope(),
            dry_run=dry_run,
            say=self.said.append,
            confirm=confirm,
            keys={name: keys for name, keys in self._keys.items() if not venues or name in venues},
            lacking=self.lacking,
        )
        return await from_credentials(job, self.settings, NetworkSettings(gateway=self._url))

    async def account_id(self, venue: str) -> str:
        """How the exchange calls the account of these keys."""
        async with AsyncExitStack() as stack:
            network = NetworkSettings(gateway=self._url)
            reached = await accounts_by_rest({venue: self._keys[venue]}, self.settings, network, stack)
            return await reached[venue].account_id()

    @property
    def talk(self) -> str:
        return "\n".join(self.said)


@asynccontextmanager
async def accounts(folder: Path, *, rate: float = 0.0) -> AsyncIterator[Accounts]:
    async with served("binance", "okx", coins=4, rate=rate) as (server, client):
        async with client.get("/_sim/accounts") as answer:
            found = await answer.json()
        keys = {venue: Keys(found[venue]["main"]) for venue in PERPS}
        yield Accounts(client, server.url, folder, keys)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Accounts]:
    async with accounts(tmp_path) as sim:
        yield sim


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare_account, "PAUSE_S", 0.05)


def written(folder: Path, records: Sequence[Record]) -> None:
    """A journal as a run leaves it."""
    done = threading.Event()
    journal = Journal(journal_path(folder), lambda call: call())
    journal.write(records, done.set, lambda text: None)
    assert done.wait(10)
    assert journal.close()


FLAT: tuple[dict[str, Decimal], list[str]] = ({}, [])


async def test_orders_are_canceled_and_positions_closed_on_every_account(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    await sim.trade("okx", "sell", "50")
    for venue in PERPS:
        await sim.rest(venue, "buy", "1", "0.9")
    assert await sim.flatten() == 0
    assert [await sim.open(venue) for venue in PERPS] == [FLAT, FLAT]
    assert sim.said[-1] == "flat by the word of binance, okx (everything)"


async def test_an_order_of_a_person_is_canceled_by_the_venues_own_id(sim: Accounts) -> None:
    made = await sim.rest("okx", "buy", "1", "0.9")
    assert not made["client_id"]
    assert await sim.flatten() == 0
    assert await sim.open("okx") == FLAT


async def test_everything_that_closes_is_reduce_only(sim: Accounts) -> None:
    await sim.trade("okx", "sell", "50")
    before = {row["id"] for row in (await sim.truth("okx"))["orders"]}
    await sim.flatten()
    sent = [row for row in (await sim.truth("okx"))["orders"] if row["id"] not in before]
    assert sent
    assert all(row["reduce_only"] and row["kind"] == "ioc" for row in sent)


async def test_a_dry_run_says_what_it_would_do_and_sends_nothing(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    await sim.rest("okx", "buy", "1", "0.9")
    before = [await sim.open(venue) for venue in PERPS]
    orders = [len((await sim.truth(venue))["orders"]) for venue in PERPS]
    assert await sim.flatten(dry_run=True) == 3
    assert "would close, binance BTCUSDT: position 0.5" in sim.talk
    assert "would cancel on okx: buy 1 BTC-USDT-SWAP at " in sim.talk
    assert [await sim.open(venue) for venue in PERPS] == before
    assert [len((await sim.truth(venue))["orders"]) for venue in PERPS] == orders
    assert sim.confirms == 0


async def test_whoever_does_not_say_yes_keeps_everything(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    assert await sim.flatten(yes=False) == 3
    assert sim.confirms == 1
    assert (await sim.open("binance"))[0] == {"BTCUSDT": Decimal("0.5")}
    assert sim.said[-1] == "nothing was done"


async def test_with_nothing_open_nobody_is_asked(sim: Accounts) -> None:
    assert await sim.flatten(yes=False) == 0
    assert sim.confirms == 0


async def test_only_the_venue_and_the_coin_that_were_named(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    await sim.trade("binance", "buy", "1", symbol="ETHUSDT")
    await sim.trade("okx", "sell", "50")
    assert await sim.flatten(Scope(venue="binance", base="BTC")) == 0
    assert (await sim.open("binance"))[0] == {"ETHUSDT": Decimal(1)}
    assert (await sim.open("okx"))[0] == {"BTC-USDT-SWAP": Decimal(-50)}


# trouble


@pytest.mark.parametrize("fault", ["ack_lost_delivered", "ack_lost_undelivered"])
@pytest.mark.parametrize("venue", ["binance", "okx"])
async def test_a_lost_answer_neither_stops_it_nor_opens_the_other_side(sim: Accounts, venue: str, fault: str) -> None:
    await sim.trade(venue, "buy", "2")
    await sim.fault(fault, venue=venue, count=1)
    assert await sim.flatten() == 0
    assert await sim.open(venue) == FLAT


async def test_what_fills_in_parts_is_tried_again(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "2")
    await sim.fault("partial_fill", venue="binance", count=2)
    assert await sim.flatten() == 0
    assert await sim.open("binance") == FLAT
    assert sum("reduce-only" in text for text in sim.said) >= 2


async def test_what_never_fills_stays_open_and_is_said(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "2")
    await sim.fault("reject_order", venue="binance")
    assert await sim.flatten() == 3
    assert "binance refused (" in sim.talk
    assert "stays open, binance BTCUSDT: position 2" in sim.talk


async def test_a_venue_that_does_not_answer_is_said_and_holds_up_no_other(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    await sim.fault("http_500", venue="okx")
    assert await sim.flatten() == 3
    assert await sim.open("binance") == FLAT
    assert "okx" in sim.said[-1]
    assert not any(text.startswith("flat by") for text in sim.said)


async def test_a_two_sided_position_is_left_and_said(sim: Accounts) -> None:
    await sim.ask("POST", "/_sim/accounts", venue="binance", dual=True)
    await sim.trade("binance", "buy", "0.5", held="long")
    assert await sim.flatten() == 3
    assert "position 0.5 (long of a two-sided account)" in sim.talk
    assert "arbtui closes no two-sided positions; close it there" in sim.talk
    assert await sim.flatten(dry_run=True) == 3
    assert "would close" not in sim.talk
    assert (await sim.open("binance"))[0]


async def test_an_order_that_waits_for_its_price_is_left_and_said(
    sim: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = WaitingOrder(Market.PERP, PERPS["okx"], "conditional sell 3 at 60000 (algo 5)")
    monkeypatch.setattr(OkxPrivate, "waiting_orders", lambda self, env, keys: [lambda stamp_ms: waits(stop)])

    def waits(one: WaitingOrder) -> WaitingCall:
        return WaitingCall(HttpRequest("GET", "https://www.okx.com/api/v5/public/time", "a test"), lambda *_: [one])

    assert await sim.flatten() == 3
    assert sim.confirms == 0
    said = f"stays open on okx: {PERPS['okx']} conditional sell 3 at 60000 (algo 5), which waits for its price; cancel"
    assert said in sim.talk
    await sim.trade("okx", "buy", "1")
    assert await sim.flatten() == 3
    assert said in sim.talk
    assert await sim.open("okx") == FLAT
    assert await sim.flatten(Scope(base="ETH")) == 0


async def test_where_orders_that_wait_cannot_be_read_that_is_said(
    sim: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(status: int, body: bytes) -> list[WaitingOrder]:
        raise OutcomeUnknown("no answer")

    call = WaitingCall(HttpRequest("GET", "https://www.okx.com/api/v5/public/time", "a test"), broken)
    monkeypatch.setattr(OkxPrivate, "waiting_orders", lambda self, env, keys: [lambda stamp_ms: call])
    assert await sim.flatten() == 3
    assert "orders on okx that wait for their price cannot be read: no answer" in sim.talk


async def test_it_works_with_a_corrupt_journal(sim: Accounts) -> None:
    journal_path(sim.folder).write_bytes(b"\x00garbage" * 4000)
    await sim.trade("binance", "buy", "0.50")
    await sim.trade("okx", "sell", "50")  # of 0.01 coins: the legs are even
    assert await sim.flatten() == 0
    assert [await sim.open(venue) for venue in PERPS] == [FLAT, FLAT]
    assert "the journal cannot be read" in sim.talk


async def test_with_a_corrupt_journal_a_bare_short_leaves_a_doubt_about_spot(sim: Accounts) -> None:
    journal_path(sim.folder).write_bytes(b"\x00garbage" * 4000)
    await sim.trade("okx", "sell", "50")
    assert await sim.flatten() == 3
    assert await sim.open("okx") == FLAT
    assert "binance holds 1 BTC of spot, and a short of that coin was closed" in sim.talk


async def test_where_a_run_holds_the_mode_nothing_is_sent(sim: Accounts) -> None:
    await sim.trade("okx", "sell", "50")
    lock = ModeLock(sim.folder)
    assert lock.acquire()
    try:
        assert await sim.flatten() == 3
        assert "sends the orders of TESTNET and does not answer" in sim.talk
        assert (await sim.open("okx"))[0]
        assert await sim.flatten(dry_run=True) == 3  # looking is always allowed
    finally:
        lock.release()
    assert await sim.flatten() == 0


async def test_under_traffic_the_accounts_end_flat_too(tmp_path: Path) -> None:
    async with accounts(tmp_path, rate=300.0) as sim:
        await sim.trade("binance", "buy", "3")
        await sim.trade("okx", "sell", "300")
        assert await sim.flatten() == 0
        assert [await sim.open(venue) for venue in PERPS] == [FLAT, FLAT]


# spot that hedges bought


SPOT = Instrument(
    venue="binance",
    market=Market.SPOT,
    native="BTCUSDT",
    base="BTC",
    quote="USDT",
    price_ccy="USDT",
    settle_ccy="USDT",
    multiplier=Decimal(1),
    price_factor=Decimal(1),
    status=TradingStatus.TRADING,
    tick=Decimal("0.01"),
    step=Decimal("0.00001"),
    min_notional=Decimal(5),
)


def a_hedge_bought(folder: Path, coins: str, *, sold: bool = False) -> None:
    """A journal of a halted hedge that bought (or sold) so much spot on Binance and never got its other leg."""
    other, index = instrument("beta", step="0.01"), int(sold)
    made = intent(qty=coins, buy=other if sold else SPOT, sell=SPOT if sold else other)
    sent = Order(
        client_id=client_id(HEDGE, index, Purpose.ENTER, 0),
        venue="binance",
        market=Market.SPOT,
        native="BTCUSDT",
        side=made.legs[index].side,
        kind=OrderKind.IOC,
        qty=Decimal(coins),
        price=Decimal(100),
    )
    facts: tuple[Fact, ...] = (
        Intended(made),
        Stepped(Step.PERSISTED, ""),
        Ordered(order=sent, leg=index, turn=0, purpose=Purpose.ENTER, number=0),
        Told(report(sent, OrderStatus.FILLED, coins)),
        Told(fill(sent, coins)),
        Stepped(Step.HALT, "a test said so"),
    )
    written(folder, [record(T0, HEDGE, fact) for fact in facts])


async def coins_of(sim: Accounts, venue: str = "binance") -> Decimal:
    return Decimal((await sim.truth(venue))["balances"]["BTC"])


async def test_spot_that_hedges_bought_is_sold_and_no_more_than_that(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    assert await sim.flatten(dry_run=True) == 3
    assert "would sell on binance: 0.25 BTCUSDT that hedges bought" in sim.talk
    assert await coins_of(sim) == 1
    assert await sim.flatten() == 0
    assert await coins_of(sim) == Decimal("0.75")


async def test_what_was_sold_is_not_sold_again_by_the_next_flattening(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    assert await sim.flatten() == 0
    assert await sim.flatten() == 0
    assert await coins_of(sim) == Decimal("0.75")
    assert "0.25 BTCUSDT on binance that hedges bought were sold by an earlier flattening" in sim.talk


@pytest.mark.parametrize("fault", ["ack_lost_delivered", "ack_lost_undelivered"])
async def test_the_next_flattening_finds_out_what_became_of_a_sale_whose_answer_was_lost(
    sim: Accounts, fault: str
) -> None:
    a_hedge_bought(sim.folder, "0.25")
    await sim.fault(fault, venue="binance", count=1)
    await sim.flatten()
    assert await sim.flatten() == 0
    assert await coins_of(sim) == Decimal("0.75")


async def test_where_earlier_sales_cannot_be_read_nothing_is_sold_and_that_is_said(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    await sim.fault("http_500", venue="binance")
    assert await sim.flatten() == 3
    assert await coins_of(sim) == 1
    assert "0.25 BTCUSDT on binance that hedges bought are left: whether they were sold is not known" in sim.talk


async def test_spot_that_hedges_sold_out_of_the_account_is_named_and_not_bought_back(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25", sold=True)
    assert await sim.flatten() == 0
    assert await coins_of(sim) == 1
    assert f"binance: hedge {HEDGE} sold 0.25 BTCUSDT of what the account had; it is not bought back" in sim.talk


async def test_what_a_person_has_sold_meanwhile_is_not_sold_again(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    await sim.trade("binance", "sell", "0.9", market="spot")
    assert await sim.flatten() == 0
    assert Decimal(0) <= await coins_of(sim) < Decimal("0.0001")


@pytest.mark.parametrize("fault", ["ack_lost_delivered", "ack_lost_undelivered"])
async def test_a_sale_whose_answer_is_lost_is_never_made_twice(sim: Accounts, fault: str) -> None:
    a_hedge_bought(sim.folder, "0.25")
    await sim.fault(fault, venue="binance", count=1)
    code = await sim.flatten()
    left = await coins_of(sim)
    assert (code, left) == ((0, Decimal("0.75")) if fault == "ack_lost_delivered" else (3, Decimal(1)))
    assert ("has not said what became of the sale" in sim.talk) is (code == 3)


async def test_spot_of_a_venue_that_was_not_named_is_left(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    assert await sim.flatten(Scope(venue="okx")) == 0
    assert await coins_of(sim) == 1


# keys of others, and no keys


def noted(folder: Path, **accounts: Whose) -> None:
    """Whose the accounts are in which the hedges of a journal were opened."""
    journal = Journal(journal_path(folder), lambda call: call())
    journal.keep("accounts", msgspec.json.encode(accounts), pytest.fail)
    assert journal.close()


@pytest.mark.parametrize(("account", "sells"), [("{main}", True), ("4711", False), ("", False)])
async def test_what_a_hedge_bought_in_another_account_is_not_sold_from_this_one(
    account: str, sells: bool, sim: Accounts
) -> None:
    a_hedge_bought(sim.folder, "0.25")
    noted(sim.folder, binance=Whose("another key", account.format(main=await sim.account_id("binance"))))
    assert await sim.flatten() == (0 if sells else 3)
    assert await coins_of(sim) == (Decimal("0.75") if sells else 1)
    if not sells:
        assert (
            f"what hedges hold on binance was not looked at: the keys of binance {'belong' if account else 'are'}"
            in (sim.said[-1])
        )


async def test_what_hedges_hold_where_there_are_no_keys_is_named_and_not_called_flat(sim: Accounts) -> None:
    a_hedge_bought(sim.folder, "0.25")
    assert await sim.flatten(venues=("okx",)) == 3
    assert sim.said[-1] == f"what hedges hold on binance was not looked at: hedge {HEDGE} has a leg there, and no keys"
    assert await coins_of(sim) == 1


async def test_an_exchange_whose_keys_are_not_whole_is_named_and_the_others_are_flattened(sim: Accounts) -> None:
    await sim.trade("binance", "buy", "0.5")
    sim.lacking = {"bybit": "bybit needs api_key, api_secret; api_secret is missing"}
    assert await sim.flatten() == 3
    assert await sim.open("binance") == FLAT
    assert sim.said[-1] == "bybit was not looked at: bybit needs api_key, api_secret; api_secret is missing"
    assert await sim.flatten(Scope(venue="binance")) == 0


# paper


async def test_paper_without_a_run_says_what_is_open_and_how_to_close_it(tmp_path: Path) -> None:
    stage = Stage()
    stage.hedged()
    written(tmp_path, stage.disk.kept)
    said: list[str] = []

    def job(scope: Scope) -> Flattening:
        return Flattening("PAPER", tmp_path, scope, dry_run=False, say=said.append, confirm=lambda: True)

    assert on_paper(job(Scope())) == 3
    assert said[0].startswith(f"{HEDGE} COIN hedged, 10 on alpha.perp.COINUSDT")
    assert "paper is kept by the run itself: start arbtui" in said[-1]
    lock = ModeLock(tmp_path)
    assert lock.acquire()
    assert on_paper(job(Scope())) == 3
    assert "it may still be starting" in said[-1]
    lock.release()
    assert on_paper(job(Scope(base="ETH"))) == 0
    assert said[-1] == "nothing is open on paper (ETH)"


async def test_a_paper_journal_that_cannot_be_read_is_a_doubt(tmp_path: Path) -> None:
    journal_path(tmp_path).write_bytes(b"\x00garbage" * 4000)
    said: list[str] = []
    job = Flattening("PAPER", tmp_path, Scope(), dry_run=False, say=said.append, confirm=lambda: True)
    assert on_paper(job) == 3
    assert "what is open on paper is not known" in said[0]
