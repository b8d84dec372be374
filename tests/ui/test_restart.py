"""What somebody chose with keys is there again after a restart, unless config.toml has changed since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from arbtui.config import Paths, load
from arbtui.core.clock import ManualClock
from arbtui.core.status import ProcessFigures
from arbtui.engine.build import build_desk
from arbtui.engine.memory import StateMemory
from arbtui.engine.settings import Sources
from arbtui.engine.trouble import Trouble
from arbtui.storage.lock import ModeLock
from arbtui.storage.state import StateFile, read
from arbtui.ui import text
from arbtui.ui.app import ArbtuiApp, ScreenEnd


@asynccontextmanager
async def started(
    folder: Path, config: str, environ: dict[str, str] | None = None
) -> AsyncIterator[tuple[ArbtuiApp, Pilot[ScreenEnd]]]:
    """The screen on a real desk, on the files of a folder; at the end what was changed is on disk."""
    where = Paths(*(folder / name for name in ("config.toml", "credentials.toml", "state.toml", "data", "log")))
    _write(where.config, config)
    lock = ModeLock(where.data("paper"))
    assert lock.acquire()
    loaded = load(where, ("binance", "okx"), environ=environ or {}, kept=read(where.state))
    clock = ManualClock(1_700_000_000_000_000_000)
    trouble = Trouble(clock)
    memory = StateMemory(StateFile(where.state, lock), loaded, trouble)
    desk = build_desk(
        loaded.settings,
        {},
        mode="PAPER",
        clock=clock,
        trouble=trouble,
        memory=memory,
        status=tuple,
        process=lambda: ProcessFigures(0.0, 0.0, 0.0, 0, {}),
        sources=Sources(loaded),
    )
    app = ArbtuiApp(desk, loaded.settings, now_s=lambda: 1000.0)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        yield app, pilot
    await memory.close()
    lock.release()


def _write(path: Path, config: str) -> None:
    path.write_text(config)


def seen(app: ArbtuiApp) -> dict[str, object]:
    port, desk = app.desk.port, app.desk
    return {
        "sort": (desk.order.column, desk.order.reverse),
        "threshold": port.threshold_bps(),
        "size": port.walk_usd,
        "theme": desk.theme.theme.name,
        "unit": text.spread_unit(),
        "zone": port.setting("ui.time"),
        "layout": port.remembered("layout"),
        "ascii": desk.theme.ascii,
    }


CHOSEN = {
    "sort": ("gross", True),
    "threshold": 8.0,
    "size": 2000.0,
    "theme": "light",
    "unit": "%",
    "zone": "local",
    "layout": "scan",
    "ascii": True,
}


async def test_everything_that_keys_changed_holds_after_a_restart_until_config_says_otherwise(tmp_path: Path) -> None:
    config = "[ui]\ntheme = 'ansi'\n[signals]\nthreshold_bps = 6.0\n"
    async with started(tmp_path, config) as (app, pilot):
        assert seen(app) == {
            "sort": ("net", False), "threshold": 6.0, "size": 1000.0, "theme": "ansi", "unit": "bps", "zone": "utc",
            "layout": "", "ascii": False,
        }  # fmt: skip
        await pilot.press("s", "g", "S", "t", "8", "enter", "right_square_bracket", "w")
        run = app.main_screen.run
        for action, typed in (("theme", "light"), ("unit", "percent"), ("time", "local"), ("ascii", "true")):
            assert not run(f"look.{action}", typed)
        assert seen(app) == CHOSEN
    async with started(tmp_path, config) as (app, _):
        assert seen(app) == CHOSEN
    async with started(tmp_path, config, {"ARBTUI_UI__THEME": "grey"}) as (app, _):
        assert seen(app) == CHOSEN | {"theme": "grey"}
    async with started(tmp_path, "[ui]\ntheme = 'high-contrast'\n[signals]\nthreshold_bps = 7.0\n") as (app, _):
        assert seen(app) == CHOSEN | {"theme": "high-contrast", "threshold": 7.0}
    assert set(read(tmp_path / "state.toml")) == {
        "ui.sort", "ui.unit", "ui.time", "ui.layout", "ui.ascii", "walk.usd",
    }  # fmt: skip
