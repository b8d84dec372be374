"""What is said when the automatic mode is switched on: all that it goes by, and where each of it comes from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from arbtui.config import Flag
from arbtui.engine.auto_terms import in_force
from arbtui.execution.arming import Permit
from arbtui.port import SetThreshold
from tests.engine.test_settings import Run


async def test_a_threshold_set_by_key_in_another_mode_is_named_first_and_as_that(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[signals]\nthreshold_bps = 6.0\n[limits]\norder_usd = 250.0\n")
    demo = Run(tmp_path)
    assert demo.desk.send(SetThreshold(2.5)).accepted
    assert demo.desk.send(SetThreshold(1.5, "BTC")).accepted
    await demo.end()
    flags: dict[tuple[str, ...], Flag] = {("auto", "size_usd"): Flag(50.0, "--size")}
    live = Run(tmp_path, environ={"ARBTUI_AUTO__MAX_HEDGES": "2"}, flags=flags)
    said = in_force(live.desk.settings(), None)
    await live.end()
    parts = said.split("; ")
    assert parts[0].startswith("changed by key, for every mode: ")
    assert "signals.threshold_bps 2.5" in parts[0]
    assert "signals.thresholds.BTC 1.5" in parts[0]
    assert parts[1] == "on the command line: auto.size_usd 50.0 (--size)"
    assert parts[2] == "by variables: auto.max_hedges 2 (ARBTUI_AUTO__MAX_HEDGES)"
    assert parts[3] == "by config.toml: limits.order_usd 250.0"
    assert parts[4].startswith("by default: ")
    for key in ("auto.max_position_usd 500.0", "auto.exit_bps", "limits.day_loss_usd 200.0", "signals.min_size_usd"):
        assert key in parts[4]


async def test_a_change_of_this_run_and_what_accounts_are_armed_for_are_named(tmp_path: Path) -> None:
    run = Run(tmp_path, locked=False)
    assert run.desk.send(SetThreshold(3.0)).accepted
    said = in_force(run.desk.settings(), Permit(Decimal(500), 3600.0))
    assert said.startswith("armed: at most 500 USD open at once, for 60 min; changed by key in this run: ")
    assert "signals.threshold_bps 3.0" in said
