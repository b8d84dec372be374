"""Hedges on the simulated Binance and OKX, in this loop: codecs, accounts, private streams, journal and runner as they
are put together in a run. Only the prices are the simulator's own; every sum is held against its truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market
from arbtui.engine.trading import Carrier, Trading
from arbtui.execution.intents import Style, Verb
from arbtui.execution.ledger import VenueRules
from arbtui.execution.limits import Limits
from arbtui.execution.paper_market import Depth
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Price, Record
from arbtui.execution.preflight import ClockRead
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.userstream import Around, UserStreamKeeper
from arbtui.net.wallclock import WallClock
from arbtui.port import Ticket
from arbtui.sim.control import Control
from arbtui.storage import journal as journals
from arbtui.storage.journal import Journal
from arbtui.venues import registry
from arbtui.venues.base import Environment, Tables, Venue
from arbtui.venues.private import Keys
from tests.witness.harness import Sim, witnessed

PROD = Environment.PROD
VENUES = ("binance", "okx")
WITHIN_S = 15.0
BINANCE, OKX = "binance.perp.BTCUSDT", "okx.perp.BTC-USDT-SWAP"
SPOT, OKX_SPOT = "binance.spot.BTCUSDT", "okx.spot.BTC-USDT"
D = Decimal


class TruePrices:
    """``execution.ports.Prices`` as the simulator knows them."""

    def __init__(self, sim: Sim, listed: dict[str, dict[Market, dict[str, Instrument]]]) -> None:
        self._sim = sim
        self._listed = listed

    def price(self, leg: str) -> Price:
        venue, market, native = leg.split(".")
        row = self._sim.truth(venue, market, native, depth=1)[native]
        (bid, bid_qty), (ask, ask_qty) = row["bids"][0], row["asks"][0]
        return Price(D(bid), D(bid_qty), D(ask), D(ask_qty), age_ms=0.0, fresh=True)

    def instrument(self, leg: str) -> Instrument | None:
        venue, market, native = leg.split(".")
        return self._listed[venue][Market(market)].get(native)

    def usd(self, ccy: str) -> Decimal | None:
        return D(1) if ccy == "USDT" else None

    def depth(self, leg: str) -> Depth:
        price = self.price(leg)
        assert price.bid is not None
        assert price.ask is not None
        return Depth([(price.bid, price.bid_qty or D(0))], [(price.ask, price.ask_qty or D(0))])


class Desk:
    """Trading on both venues, and their truth."""

    def __init__(self, sim: Sim, trading: Trading, path: Path) -> None:
        self.sim, self.trading, self.path = sim, trading, path

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            for _ in iter(holds, True):
                await asyncio.sleep(0.01)

    async def fire(self, **fields: Any) -> str:
        ticket = Ticket(**{"base": "BTC", "buy": BINANCE, "sell": OKX, "usd": D(500), **fields})
        await self.until(lambda: not self.trading.preview(ticket).refused)
        answer = self.trading.fire(self.trading.preview(ticket))
        assert answer.accepted, answer.text
        return answer.hedge

    async def until_state(self, hedge: str, *states: str) -> None:
        await self.until(lambda: self.trading.ledgers[hedge].state in states and self.trading.ledgers[hedge].complete())

    async def flatten(self, hedge: str) -> None:
        await self.fire(hedge=hedge, verb=Verb.FLATTEN, usd=None)
        await self.until_state(hedge, "done", "flat")

    def fault(self, name: str, venue: str, **more: Any) -> None:
        Control(self.sim.hub).add_fault({"fault": name, "venue": venue, **more})

    # ---- what is true

    def orders(self) -> list[dict[str, Any]]:
        return [order | {"venue": venue} for venue in VENUES for order in self.sim.account(venue)["orders"]]

    def fills(self) -> list[dict[str, Any]]:
        return [fill | {"venue": venue} for venue in VENUES for fill in self.sim.account(venue)["fills"]]

    def totals(self, venue: str) -> dict[tuple[str, str], Decimal]:
        """Of each wallet and asset."""
        wallets = self.sim.account(venue)["wallets"]
        return {(wallet, asset): D(row["total"]) for wallet, own in wallets.items() for asset, row in own.items()}

    def made(self) -> Decimal:
        """What both perpetual wallets have more than at their beginning."""
        return self.totals("binance")["usdm", "USDT"] + self.totals("okx")["trading", "USDT"] - 200_000

    def told_totals(self, venue: str) -> dict[tuple[str, str], Decimal]:
        facts = self.trading.facts.balances.items()
        return {(wallet, asset): balance.total for (name, wallet, asset), balance in facts if name == venue}


@asynccontextmanager
async def desk(tmp_path: Path, *, rate: float = 0.0, sim: Sim | None = None) -> AsyncIterator[Desk]:
    """As ``engine.orders`` puts it together. ``sim``: another life on the same exchanges."""
    async with AsyncExitStack() as stack:
        if sim is None:
            sim = await stack.enter_async_context(witnessed(*VENUES, coins=3, rate=rate, scenario="still"))
        privates = {name: registry.private(name) for name in VENUES}
        clock, rng = WallClock(asyncio.get_running_loop()), random.Random(1)
        network = NetworkSettings(gateway=sim.server.url)
        budgets = Budgets([limit for private in privates.values() if private for limit in private.trade_limits])
        rest = await stack.enter_async_context(Rest(network, budgets, clock, recorder=None, rng=rng))
        listed = {name: await listings(registry.venue(name), network, clock) for name in VENUES}
        journal = Journal(tmp_path / "journal.sqlite3", asyncio.get_running_loop().call_soon_threadsafe)
        stack.push_async_callback(asyncio.to_thread, journal.close)
        made: list[Trading] = []
        accounts: dict[str, Account] = {}
        keepers: list[UserStreamKeeper] = []
        for name, private in privates.items():
            assert private is not None
            keys = Keys({field: sim.credentials(name)[field] for field in private.key_fields})
            account = accounts[name] = Account(
                private, PROD, keys, instruments=listed[name].__getitem__, rest=rest,
                clock=clock, offset_ms=lambda: 0.0, sink=lambda event: made[0].hear(event),
            )  # fmt: skip
            around = Around(
                rest, network, Connects(), clock, account.stamp_ms, lambda event: made[0].hear(event),
                lambda kind, text: pytest.fail(f"{kind}: {text}"), rng,
            )  # fmt: skip
            streams = private.user_streams(PROD)
            keepers += [UserStreamKeeper(private, stream, PROD, keys, listed[name], around) for stream in streams]
        prices = TruePrices(sim, listed)
        carriers = {
            name: Carrier(
                account, (Market.PERP, Market.SPOT), VenueRules(private.absence), lambda: ClockRead(0.0), paper=False
            )
            for name, account in accounts.items()
            if (private := privates[name]) is not None
        }
        trading = Trading(
            "SIMULATED", carriers, clock=clock, journal=journal, prices=prices, depth=prices.depth,
            policy=Policy(take_band_bps=D(30), rehedge_band_bps=D(60)), limits=Limits(again_after_s=0),
            notice=lambda level, text: None,
        )  # fmt: skip
        made.append(trading)
        kept = list(journals.read(journal.path))
        trading.restore(Record(entry.t_ns, entry.hedge, entry.kind, entry.body) for entry in kept)
        trading.start()
        tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
        try:
            one = Desk(sim, trading, journal.path)
            await one.until(lambda: len(trading.facts.streams) == 4)
            assert trading.arm(D(1_000_000)).accepted
            yield one
        finally:
            await trading.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for account in accounts.values():
                await account.close()


async def listings(public: Venue, network: NetworkSettings, clock: WallClock) -> dict[Market, dict[str, Instrument]]:
    budgets = Budgets(public.rest_limits)
    found: dict[Market, dict[str, Instrument]] = {}
    async with Rest(network, budgets, clock, recorder=None, rng=random.Random(1)) as rest:
        for market in (Market.PERP, Market.SPOT):
            events = await rest.ask(public, public.instrument_requests(PROD, market)[0], Tables({}))
            rows = (row for event in events if isinstance(event, Listing) for row in event.instruments)
            found[market] = {row.native: row for row in rows}
    return found


@pytest.mark.parametrize(("buy", "sell"), [(BINANCE, OKX), (SPOT, OKX), (OKX_SPOT, BINANCE)])
async def test_what_was_told_is_what_is_true_to_the_last_decimal(buy: str, sell: str, tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        hedge = await one.fire(buy=buy, sell=sell)
        await one.until_state(hedge, "hedged")
        sent = {body["client_id"] for body in one.orders()}
        ledger = one.trading.ledgers[hedge]
        assert sent == set(ledger.lines)
        assert len(sent) == 2
        told = {
            (fill.venue, fill.fill_id): (fill.price, fill.qty, fill.fee, fill.fee_ccy)
            for line in ledger.lines.values()
            for fill in line.fills.values()
        }
        assert told == {
            (f["venue"], f["id"]): (D(f["price"]), D(f["qty"]), D(f["fee"]), f["fee_ccy"]) for f in one.fills()
        }
        gap = abs(ledger.position(0) + ledger.position(1))
        assert gap < D("0.0001")  # a fee in coin may leave dust
        await one.flatten(hedge)
        for venue in VENUES:
            await one.until(partial(_equal, one, venue))
        pnl = one.trading.pnl(hedge)
        assert pnl is not None
        assert pnl.complete
        if buy == BINANCE:  # two perpetuals in one currency: what they made is what the accounts have more
            assert one.trading.pnl_usd(hedge) == one.made()


def _equal(one: Desk, venue: str) -> bool:
    return one.told_totals(venue) == one.totals(venue)


async def test_each_fill_of_a_maker_is_covered_within_a_second(tmp_path: Path) -> None:
    async with desk(tmp_path, rate=600.0) as one:
        hedge = await one.fire(style=Style.MAKER_TAKER, maker=0)
        await one.until_state(hedge, "hedged", "done", "flat")
        fills = one.fills()
        makers = [fill for fill in fills if fill["maker"]]
        covers = [order for order in one.orders() if order["venue"] == "okx"]
        for fill in makers:
            assert min(int(o["t_ns"]) - int(fill["t_ns"]) for o in covers if int(o["t_ns"]) >= int(fill["t_ns"])) < 1e9
        assert sum(D(f["qty"]) for f in makers) == sum(D(f["qty"]) / 100 for f in fills if f["venue"] == "okx")


async def test_another_life_knows_all_and_funding_too(tmp_path: Path) -> None:
    async with witnessed(*VENUES, coins=3, rate=0.0, scenario="still") as sim:
        async with desk(tmp_path, sim=sim) as one:
            hedge = await one.fire()
            await one.until_state(hedge, "hedged")
            before = one.trading.pnl(hedge)
            assert before is not None
        for venue, native in (("binance", "BTCUSDT"), ("okx", "BTC-USDT-SWAP")):
            sim.settle_funding(venue, native)
        async with desk(tmp_path, sim=sim) as two:
            await two.until_state(hedge, "hedged")
            paid = sum((D(row["amount"]) for venue in VENUES for row in sim.account(venue)["funding"]), D(0))
            await two.until(lambda: two.trading.funding.of.get(hedge) == {"USDT": paid})
            after = two.trading.pnl(hedge)
            assert after is not None
            assert (after.fees, after.legs) == (before.fees, before.legs)
            assert len(two.orders()) == 2
            await two.flatten(hedge)
            assert two.trading.pnl_usd(hedge) == two.made()


async def test_a_second_leg_that_is_refused_gives_the_first_one_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.fault("reject_order", "okx", reason="band")
        hedge = await one.fire()
        await one.until_state(hedge, "flat")
        assert one.sim.account("binance")["positions"] == []
        assert {order["status"] for order in one.orders() if order["venue"] == "okx"} == {"rejected"}


async def test_an_answer_that_was_lost_is_no_second_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.fault("ack_lost_delivered", "okx", count=1, reason="cut")
        hedge = await one.fire()
        await one.until_state(hedge, "hedged")
        names = [order["client_id"] for order in one.orders()]
        assert len(names) == len(set(names)) == 2
