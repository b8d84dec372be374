"""The automatic mode as a person starts it: it opens, closes, says why, and its sums are its wallets'."""

from __future__ import annotations

import signal
from decimal import Decimal
from pathlib import Path

import pytest

from arbtui.config.paths import Paths
from tests.e2e.harness import Line, running
from tests.e2e.sums import (
    Flows,
    added,
    deals_on_disk,
    differences,
    flows_of,
    funding_on_disk,
    hedges_on_disk,
    legs_by_key,
)


@pytest.mark.slow
def test_the_demo_opens_and_closes_by_itself_and_its_accounts_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARBTUI_LIMITS__DAY_USD", "150")  # one hedge of 100, and then no other one
    monkeypatch.setenv("ARBTUI_AUTO__MAX_HOLD_S", "4")
    kinds = "decision,fill,hedge,account"
    options = ("--demo", "--no-ui", "--auto", "--venues", "binance,okx", "--every", "0.5", "--emit", kinds)
    with running(tmp_path, *options) as arbtui:
        closed = arbtui.until(lambda line: line["type"] == "decision" and line["act"] == "close", 40)
        arbtui.until(lambda line: line["type"] == "hedge" and line["state"] == "done", 10)
        arbtui.watch(1.2)  # accounts are printed twice
        assert arbtui.end(signal.SIGTERM) == 0
        lines = arbtui.lines
    told = [line for line in lines if line["type"] == "decision"]
    (opened,) = [line for line in told if line["act"] == "open"]
    assert told[0]["act"] == "on"
    assert opened["hedge"] == closed["hedge"]
    assert opened["net_bps"] >= opened["threshold_bps"]
    assert closed["why"] in ("profit", "reverted", "time")
    data = tmp_path / "xdg_data_home" / "arbtui"
    path = Paths(data, data, data, data, data).data("demo") / "journal.sqlite3"
    hedges = hedges_on_disk(path)
    assert [(ledger.intent.by, ledger.state.value) for ledger in hedges.values()] == [("auto", "done")]
    deals = deals_on_disk(hedges.values())
    printed = [line for line in lines if line["type"] == "fill"]
    assert {(line["venue"], line["market"], line["native"], line["fill_id"]) for line in printed} == set(deals)
    flows = added(flows_of(deals, legs_by_key(hedges.values())), funding_on_disk(path))
    after, before = wallets(lines)
    assert differences(after, before, flows) == {}


def wallets(lines: list[Line]) -> tuple[Flows, Flows]:
    """What the wallets had in the end, and what new ones begin with."""
    newest = {
        (line["venue"], line["wallet"], line["asset"]): Decimal(line["total"])
        for line in lines
        if line["type"] == "account"
    }
    begun = {key: Decimal(50_000) for key in newest if key[2] in ("USDT", "USDC")}
    return _by_asset(newest), _by_asset(begun)


def _by_asset(wallets: dict[tuple[str, str, str], Decimal]) -> Flows:
    return added(*({(venue, asset): total} for (venue, _, asset), total in wallets.items()))
