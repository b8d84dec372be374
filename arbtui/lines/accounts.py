"""Lines of accounts: perpetual positions, whoever opened them, and what is in each wallet.

A position that has gone is told once more, with zero, and then no more.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Balance, Position
from arbtui.core.units import coins, plain, price_per_coin
from arbtui.execution.holdings import Holdings, Where
from arbtui.lines.records import AccountLine, PositionLine
from arbtui.port import EnginePort, TradingPort

AccountsLine = PositionLine | AccountLine


class Accounts:
    """The accounts as last told. ``changed`` is called with a line whenever one differs from what was told before."""

    def __init__(self, port: EnginePort, trading: TradingPort, changed: Callable[[AccountsLine], None]) -> None:
        self._port = port
        self._trading = trading
        self._changed = changed
        self._balances: dict[tuple[str, str, str], Balance] = {}  # venue, wallet, asset
        self._holdings = Holdings()
        self._gone: dict[Where, Position] = {}  # since the last look
        for balance in trading.facts.balances.values():
            self._balances[balance.venue, balance.wallet, balance.asset] = balance
        for position in trading.facts.positions.values():
            self._holdings.hear(position)
        trading.on_account(self._hear)

    def positions(self) -> list[PositionLine]:
        """All that are open, and those that have gone since the last call."""
        gone, self._gone = self._gone, {}
        return [self._position(position) for _, position in sorted((gone | self._holdings.open).items())]

    def balances(self) -> list[AccountLine]:
        return [_account(balance) for _, balance in sorted(self._balances.items())]

    def _hear(self, event: AccountEvent) -> None:
        if isinstance(event, Balance):
            self._balance(event)
        for position in self._holdings.hear(event):
            if not position.qty:
                self._gone[position.venue, position.native, position.held] = position
            self._changed(self._position(position))

    def _balance(self, balance: Balance) -> None:
        where = (balance.venue, balance.wallet, balance.asset)
        had = self._balances.get(where)
        if had is not None and balance.t_ns < had.t_ns:
            return
        self._balances[where] = balance
        if had is None or (had.total, had.free) != (balance.total, balance.free):
            self._changed(_account(balance))

    def _position(self, position: Position) -> PositionLine:
        slot = self._port.board.slot_of(position.venue, Market.PERP, position.native)
        of = slot.instrument if slot is not None else None
        return PositionLine(
            t_ns=position.t_ns,
            venue=position.venue,
            market="perp",
            base=of.base if of is not None else None,
            quote=of.quote if of is not None else None,
            native=position.native,
            held=position.held,
            qty=_coins(position.qty, of),
            entry=_price(position.entry_price, of),
            mark=_price(position.mark, of),
            liquidation=_price(position.liquidation_price, of),
            adl_rank=position.adl_rank,
            hedges=self._hedges(position),
            multiplier_known=of is not None and of.multiplier is not None and of.price_factor is not None,
        )

    def _hedges(self, position: Position) -> list[str]:
        leg = f"{position.venue}.{Market.PERP.value}.{position.native}"
        return sorted(
            ledger.hedge
            for ledger in self._trading.ledgers.values()
            if ledger.turns and not ledger.state.ended
            for index, own in enumerate(ledger.intent.legs)
            if own.key == leg and ledger.position(index)
        )


def _account(balance: Balance) -> AccountLine:
    return AccountLine(
        t_ns=balance.t_ns,
        venue=balance.venue,
        wallet=balance.wallet,
        asset=balance.asset,
        total=plain(balance.total),
        free=plain(balance.free) if balance.free is not None else None,
    )


def _coins(wire: Decimal, of: Instrument | None) -> str:
    return plain(wire) if of is None or of.multiplier is None else coins(plain(wire), of.multiplier)


def _price(wire: Decimal | None, of: Instrument | None) -> str | None:
    if wire is None or wire <= 0:
        return None
    return plain(wire) if of is None or of.price_factor is None else price_per_coin(plain(wire), of.price_factor)
