"""Settings that are changed while a run goes on: checked, in effect, kept, taken back; and what never is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from arbtui.config import Credentials, Flag, Paths, load
from arbtui.core.clock import ManualClock
from arbtui.core.kept import Plain
from arbtui.core.status import ProcessFigures
from arbtui.engine.build import build_desk
from arbtui.engine.desk import Desk
from arbtui.engine.memory import Memory, NoMemory, StateMemory
from arbtui.engine.settings import Sources
from arbtui.engine.trouble import Trouble
from arbtui.port import Remember, SetSetting, SetThreshold, Setting, SetWalkSize
from arbtui.storage.lock import ModeLock
from arbtui.storage.state import StateFile, read

VENUES = ("binance", "okx")
SECRET = "s3cr3t-of-okx"


class Run:
    """One run on the files of a folder: what a person wrote, what was kept, and a desk on it."""

    def __init__(
        self,
        folder: Path,
        *,
        environ: dict[str, str] | None = None,
        flags: dict[tuple[str, ...], Flag] | None = None,
        memory: Memory | None = None,
        locked: bool = True,
    ) -> None:
        self.where = Paths(
            *(folder / name for name in ("config.toml", "credentials.toml", "state.toml", "data", "log"))
        )
        self.lock = ModeLock(self.where.data("paper"))
        if locked:
            assert self.lock.acquire()
        loaded = load(self.where, VENUES, environ=environ or {}, flags=flags, kept=read(self.where.state))
        clock = ManualClock(1_700_000_000_000_000_000)
        trouble = Trouble(clock)
        self.memory = memory or StateMemory(StateFile(self.where.state, self.lock), loaded, trouble)
        accounts = Credentials({"okx": {"api_key": SecretStr(SECRET)}}, {("okx", "api_key"): "credentials.toml"})
        self.desk: Desk = build_desk(
            loaded.settings,
            {},
            mode="PAPER",
            clock=clock,
            trouble=trouble,
            memory=self.memory,
            status=tuple,
            process=lambda: ProcessFigures(0.0, 0.0, 0.0, 0, {}),
            sources=Sources(loaded, accounts.origins),
        )

    def says(self, key: str, text: str | None) -> tuple[bool, str]:
        outcome = self.desk.send(SetSetting(key, text))
        return outcome.accepted, outcome.text

    def of(self, key: str) -> Setting:
        return next(setting for setting in self.desk.settings() if setting.key == key)

    async def end(self) -> None:
        if isinstance(self.memory, StateMemory):
            await self.memory.close()
        self.lock.release()


def write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("[signals]\nthreshold_bps = 6.0\nsamples = 4\n[limits]\norder_usd = 250.0\n[keys]\n")
    return path


@pytest.fixture
def folder(config: Path) -> Path:
    return config.parent


async def test_every_key_is_shown_with_its_value_its_origin_its_range_and_a_sentence(folder: Path) -> None:
    run = Run(folder, environ={"ARBTUI_BOOKS__MAX": "30"}, flags={("market", "top"): Flag(10, "--top")})
    shown = {setting.key: setting for setting in run.desk.settings()}
    threshold = shown["signals.threshold_bps"]
    assert (threshold.value, threshold.origin) == ("6.0", f"config ({folder / 'config.toml'} line 2)")
    assert (threshold.kind, threshold.bounds) == ("number", "above -10,000, below 10,000")
    assert threshold.about.startswith("Net spread after taker fees")
    assert threshold.default == "5.0"
    assert (shown["books.max"].value, shown["books.max"].origin) == ("30", "env (ARBTUI_BOOKS__MAX)")
    assert (shown["market.top"].value, shown["market.top"].origin) == ("10", "flag (--top)")
    assert shown["signals.sample_ms"].origin == "default"
    assert shown["ui.theme"].choices[:2] == ("", "dark")
    assert shown["fees.okx.perp.taker_bps"].value == ""
    assert all(setting.about for setting in shown.values())
    await run.end()


async def test_a_change_takes_effect_is_kept_over_what_config_said_and_holds_at_the_next_start(folder: Path) -> None:
    run = Run(folder)
    assert run.says("signals.threshold_bps", "8") == (True, "signals.threshold_bps = 8.0")
    assert run.desk.threshold_bps() == 8.0
    assert run.of("signals.threshold_bps").origin == f"state ({folder / 'state.toml'})"
    assert run.of("signals.threshold_bps").beneath == f"6.0 config ({folder / 'config.toml'} line 2)"
    await run.end()
    kept = tomllib.loads((folder / "state.toml").read_text())
    assert kept == {"signals.threshold_bps": {"value": 8.0, "config": 6.0}}
    again = Run(folder)
    assert again.desk.threshold_bps() == 8.0
    assert again.of("signals.threshold_bps").value == "8.0"
    await again.end()


async def test_config_that_changed_since_wins_and_the_entry_goes(folder: Path, config: Path) -> None:
    run = Run(folder)
    run.says("signals.threshold_bps", "8")
    run.says("ui.theme", "light")
    await run.end()
    write(config, "[signals]\nthreshold_bps = 7.0\n")
    again = Run(folder)
    assert again.desk.threshold_bps() == 7.0
    assert again.desk.remembered("theme") == "light"
    await again.end()
    assert set(read(folder / "state.toml")) == {"ui.theme"}


async def test_a_change_that_is_taken_back_leaves_what_the_person_wrote(folder: Path) -> None:
    run = Run(folder)
    run.says("signals.threshold_bps", "8")
    accepted, text = run.says("signals.threshold_bps", None)
    assert accepted
    assert text.startswith("signals.threshold_bps is 6.0 again: config (")
    assert run.desk.threshold_bps() == 6.0
    assert run.of("signals.threshold_bps").origin.startswith("config")
    run.says("signals.min_hold_ms", "50")
    assert run.says("signals.min_hold_ms", None) == (True, "signals.min_hold_ms is 1000 again: default")
    await run.end()
    assert read(folder / "state.toml") == {}


async def test_what_keys_change_elsewhere_is_in_the_settings_as_well(folder: Path) -> None:
    run = Run(folder)
    run.desk.send(SetThreshold(9.0))
    run.desk.send(SetThreshold(2.5, "BTC"))
    run.desk.send(SetWalkSize(2000.0))
    run.desk.send(Remember("sort", "carry"))
    assert [run.of(key).value for key in ("signals.threshold_bps", "walk.usd", "ui.sort")] == [
        "9.0",
        "2000.0",
        '"carry"',
    ]
    assert run.of("signals.thresholds.BTC").value == "2.5"
    assert run.says("signals.thresholds.BTC", "3")[0]
    assert run.desk.threshold_bps("BTC") == 3.0
    assert run.says("signals.thresholds.BTC", None)[0]
    assert run.desk.threshold_bps("BTC") == 9.0
    assert run.desk.remembered("sort") == "carry"
    await run.end()


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("signals.sample_ms", "5", "signals.sample_ms takes a whole number from 10 to 60,000; 5 is none."),
        ("signals.sample_ms", "fast", 'takes a whole number from 10 to 60,000; "fast" is none.'),
        ("signals.threshold_bps", "nan", "above -10,000, below 10,000"),
        ("walk.usd", "-1", "above 0"),
        ("ui.theme", "neon", 'takes one of "", dark, light'),
        ("ui.ascii", "perhaps", "takes one of true, false"),
        ("signals.treshold_bps", "5", "there is no setting signals.treshold_bps; the nearest is signals.threshold"),
        ("limits.order_usd", "1e9", "never changed by key: edit"),
        ("hedge.unwind_band_bps", "500", "never changed by key: edit"),
        ("market.top", "5", "read at the start alone: edit"),
        ("signals.thresholds.okx+binance", "1", "only thresholds of coins"),
        ("credentials.okx", "x", "there is no setting"),
    ],
)
async def test_what_may_not_be_is_refused_in_one_sentence_and_changes_nothing(
    folder: Path, key: str, text: str, words: str
) -> None:
    run = Run(folder)
    before = list(run.desk.settings())
    accepted, said = run.says(key, text)
    assert not accepted
    assert words in said
    assert "\n" not in said
    assert list(run.desk.settings()) == before
    await run.end()
    assert read(folder / "state.toml") == {}


async def test_a_variable_or_a_flag_that_will_win_again_is_named(folder: Path) -> None:
    run = Run(folder, environ={"ARBTUI_WALK__USD": "500", "ARBTUI_UI__THEME": "grey"})
    assert run.says("walk.usd", "700") == (True, "walk.usd = 700.0; a start with ARBTUI_WALK__USD sets 500 again")
    assert run.desk.walk_usd == 700.0
    await run.end()
    again = Run(folder, environ={"ARBTUI_WALK__USD": "500", "ARBTUI_UI__THEME": "grey"})
    assert again.desk.walk_usd == 500.0
    assert again.desk.remembered("theme") == "grey"
    await again.end()


@pytest.mark.parametrize("how", ["no lock", "a replay"])
async def test_who_may_not_write_changes_this_run_alone_and_says_so(folder: Path, how: str) -> None:
    run = Run(folder, locked=False, memory=NoMemory() if how == "a replay" else None)
    accepted, text = run.says("signals.samples", "7")
    assert accepted
    assert "for this run only" in text
    assert run.of("signals.samples").origin == "this run"
    await run.end()
    assert not (folder / "state.toml").exists()


async def test_of_secrets_only_that_they_are_set_is_told(folder: Path) -> None:
    run = Run(folder)
    assert run.of("credentials.okx").value == "api_key: set"
    assert run.of("credentials.binance").value == "not set"
    assert SECRET not in repr(list(run.desk.settings()))
    await run.end()


async def test_a_password_in_an_address_is_masked(folder: Path, config: Path) -> None:
    write(config, '[network]\nproxy = "http://me:hidden@127.0.0.1:1"\n')
    run = Run(folder)
    assert "hidden" not in repr(list(run.desk.settings()))
    await run.end()


async def test_rules_of_signals_pairs_and_books_hold_from_the_next_look_on(folder: Path) -> None:
    run = Run(folder)
    run.desk.start()
    for key, text in (("signals.sample_ms", "250"), ("pairs.spot_spot", "false"), ("books.max", "4")):
        assert run.says(key, text)[0], key
    assert [run.desk.setting(key) for key in ("signals.sample_ms", "pairs.spot_spot", "books.max")] == [250, False, 4]
    run.desk.stop()
    await run.end()


async def test_a_disk_that_refuses_is_told_and_the_run_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(folder)

    def full(self: StateFile) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StateFile, "write", full)
    assert run.says("ui.theme", "light")[0]
    await run.end()
    assert "cannot be written (No space left on device)" in run.desk.notices[-1].text


def test_values_of_all_kinds_survive_the_file(tmp_path: Path) -> None:
    lock = ModeLock(tmp_path)
    assert lock.acquire()
    kinds: dict[str, Plain] = {"ui.ascii": True, "signals.samples": 7, "walk.usd": 1.5, "ui.theme": "ansi"}
    state = StateFile(tmp_path / "state.toml", lock)
    for key, value in kinds.items():
        state.put(key, value, over=None)
    state.write()
    assert {key: entry.value for key, entry in read(state.path).items()} == kinds
    loaded = load(
        Paths(*(tmp_path / name for name in ("c", "k", "state.toml", "d", "l"))),
        VENUES,
        environ={},
        kept=read(state.path),
    )
    assert (loaded.settings.ui.ascii, loaded.settings.signals.samples, loaded.settings.ui.theme) == (True, 7, "ansi")
    lock.release()
