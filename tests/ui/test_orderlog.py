"""What became known of hedges, in words: amounts are coins, whatever the venue counts in."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from arbtui.ui.orderlog import OrderLog
from tests.engine.trading_stage import SELL, Stage


def test_contracts_are_told_as_coins_with_the_venues_own_number_beside_them() -> None:
    stage = Stage()
    listed = stage.market.listed[SELL]
    stage.market.listed[SELL] = msgspec.structs.replace(listed, multiplier=Decimal("0.01"), step=Decimal(10))
    stage.ready()
    heard = OrderLog(stage.trading)
    stage.hedged()
    read_again = OrderLog(stage.trading)
    for log in (heard, read_again):
        told = {entry.kind: entry.text for entry in log.entries if SELL in entry.text}
        assert told["order"].startswith(f"SELL 5 (500 on the wire) {SELL} @ "), told
        assert told["fill"].startswith(f"SELL 5 (500 on the wire) {SELL} @ "), told
        others = [entry.text for entry in log.entries if entry.kind == "fill" and SELL not in entry.text]
        assert len(others) == 1
        assert "on the wire" not in others[0]
