"""The command line: what it refuses, in one sentence, and with which exit code."""

from __future__ import annotations

import argparse
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from arbtui import __version__, cli
from arbtui.cli.words import says_yes
from arbtui.venues import registry
from tests.own_home import fresh_home

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A fresh home; nothing of the person who runs the tests gets in."""
    return fresh_home(monkeypatch, tmp_path)


def config(home: Path, text: str) -> Path:
    path = home / "config/arbtui/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def credentials(home: Path, mode: int = 0o600, text: str = "") -> Path:
    path = home / "config/arbtui/credentials.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The sentence with which a command line is refused."""
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("arbtui: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def arbtui(*argv: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arbtui", *argv], capture_output=True, text=True, timeout=60, cwd=ROOT, **more
    )


# what is said


def test_version_names_python_and_sqlite(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"arbtui {__version__} (Python 3.")
    assert "SQLite 3." in out


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom arbtui.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit: pass\n"
        "heavy = {'asyncio', 'aiohttp', 'websockets', 'pydantic', 'textual', 'orjson', 'msgspec', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert run.stdout.splitlines()[-1] == "[]", run.stderr


@pytest.mark.parametrize("command", [(), ("sim",), ("replay",), ("check",), ("config",), ("journal",), ("flatten",)])
def test_every_command_has_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*command, "--help"])
    assert end.value.code == 0
    assert "usage: " + " ".join(("arbtui", *command)) in capsys.readouterr().out


# what is refused


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--live", "--no-ui"), "[live] enabled = true in"),
        (("--live", "--no-ui", "--gateway", "http://example.com"), "to simulated ones of this machine"),
        (("--demo", "--live"), "excludes --live"),
        (("--live", "--once"), "sends no orders; leave --live out"),
        (("check", "--live"), "sends no orders; leave --live out"),
        (("--arm-live", "--max-notional", "5", "--no-ui"), "--arm-live is for --live --no-ui"),
        (("--arm-live", "--max-notional", "5", "--live"), "on the screen :arm asks for a typed phrase"),
        (("--live", "--no-ui", "--max-notional", "5"), "give both or none"),
        (("--live", "--no-ui", "--arm-live"), "give both or none"),
        (("--live", "--no-ui", "--arm-live", "--max-notional", "0"), "0 is not an amount"),
        (("--once", "--size", "50"), "--size is about the automatic mode, and --once only looks"),
        (("--once", "--no-ui", "--long-threshold", "5"), "--long-threshold is about the automatic mode, and --once"),
        (("--once", "--auto"), "--auto sends orders and --once only looks"),
        (("--no-ui", "--max-position", "500"), "--max-position is about the automatic mode; add --auto"),
        (("--no-ui", "--auto", "--size", "0"), "0 is not an amount in US dollars"),
        (("--no-ui", "--auto", "--size", "1e309"), "1e309 is not an amount in US dollars"),
        (("--no-ui", "--auto", "--size", "nan"), "nan is not an amount in US dollars"),
        (("--no-ui", "--auto", "--max-position", "-5"), "-5 is not an amount in US dollars"),
        (("--no-ui", "--auto", "--max-hedges", "0"), "0 is not at least 1"),
        (("--no-ui", "--auto", "--max-hedges", "99999"), "--max-hedges"),
        (("--no-ui", "--auto", "--fill-timeout", "inf"), "inf is not a duration"),
        (("--no-ui", "--auto", "--short-threshold", "1e9"), "1e9 is not a threshold in basis points"),
        (("--live", "--no-ui", "--arm-live", "--max-notional", "1e400"), "1e400 is not an amount"),
        (("--no-ui", "--auto", "--long-threshold", "nan"), "nan is not a threshold in basis points"),
        (("--demo", "--no-ui", "--auto", "--size", "600"), "never fits below auto.max_position_usd = 500"),
        (("--demo", "--gateway", "http://127.0.0.1:1"), "excludes --gateway"),
        (("check", "--demo", "--gateway", "http://127.0.0.1:1"), "excludes --gateway"),
        (("--gateway", "127.0.0.1:1"), "does not begin with http"),
        (("--gateway", "http://"), "is no address"),
        (("--gateway", "http://127.0.0.1:99999"), "is no address"),
        (("--gateway", "http://[::1"), "is no address"),
        (("chek",), 'the nearest is "check"'),
        (("flaten",), 'there is no command "flaten"; the nearest is "flatten"'),
        (("flatten", "--gateway", "http://example.com"), "to simulated ones of this machine"),
        (("flatten", "--demo", "--live"), "excludes --gateway and --live"),
        (("flatten", "--live", "--yes"), "no keys are set"),
        (("flatten", "--demo", "--gateway", "http://127.0.0.1:1"), "excludes --gateway"),
        (("flatten", "--venue", "binanse"), 'there is no exchange "binanse"; the nearest is "binance"'),
        (("flatten", "--gateway", "http://127.0.0.1:1", "--yes"), "no keys are set"),
        (("jurnal",), 'there is no command "jurnal"; the nearest is "journal"'),
        (("--demo", "check"), 'the command comes first: "arbtui check'),
        (("--no-ui", "--emit", "quotes"), '"quotes" is none of quote, book'),
        (("--no-ui", "--emit", ","), "names are missing"),
        (("--no-ui", "--every", "-1"), "-1 is not a time"),
        (("--no-ui", "--every", "nan"), "not a time"),
        (("--no-ui", "--duration", "0"), "0 is not a duration"),
        (("--no-ui", "--levels", "0"), "not at least 1"),
        (("--no-ui", "--levels", "ten"), "ten is not a whole number"),
        (("--no-ui", "--top", "some"), "some is not a whole number"),
        (("--no-ui", "--pairs", "worst"), "--pairs"),
        (("--no-ui", "--dem"), "unrecognized arguments: --dem"),
        (("--emit", "quote"), "add --no-ui"),
        (("--csv", "x"), "add --no-ui"),
        (("--no-ui", "--json"), "--json belongs to --once"),
        (("--once", "--emit", "quote"), "--emit has no meaning with --once"),
        (("--no-ui", "--symbols", "BTC", "--top", "5"), "leave one out"),
        (("--no-ui", "--venues", "binanse"), 'the nearest is "binance"'),
        (("check", "binanse"), 'the nearest is "binance"'),
        (("replay",), "FILE"),
        (("replay", "x.jsonl", "--speed", "0"), "0 is not a speed"),
        (("replay", "x.jsonl", "--emit", "process"), "leave process out"),
        (("config", "edit"), "config"),
        ((), "there is no terminal"),
    ],
)
def test_wrong_words_are_refused_in_one_sentence(
    argv: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(capsys, *argv)


def test_a_dumb_terminal_is_given_no_screen(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert "a dumb one, which can show no screen; start with --no-ui." in refused(capsys, "--demo")


def test_a_wrong_key_in_config_is_refused_before_anything_starts(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(home, "[signals]\ntreshold_bps = 3\n")
    for argv in (["--no-ui"], ["--demo", "--no-ui"], ["check"], ["config", "show"], ["replay", "x.jsonl", "--no-ui"]):
        said = refused(capsys, *argv)
        assert f"{path} line 2" in said
        assert "signals.threshold_bps" in said


@pytest.mark.parametrize("argv", [("--demo", "--no-ui"), ("--once",), ("check",)])
def test_without_an_exchange_nothing_begins(
    argv: tuple[str, ...], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, "".join(f"[venues.{name}]\nenabled = false\n" for name in registry.names()))
    assert "no exchange is enabled" in refused(capsys, *argv)
    assert "--venues" in refused(capsys, *argv)


def test_a_config_that_was_named_must_be_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not exist" in refused(capsys, "--no-ui", "--config", str(home / "none.toml"))
    assert "does not exist" in refused(capsys, "config", "show", "--config", str(home / "none.toml"))


def test_a_damaged_state_file_is_refused_with_the_remedy(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "state/arbtui/state.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[[[")
    assert "delete it" in refused(capsys, "--no-ui")


def test_a_recording_that_is_not_there_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "replay", str(home / "none.jsonl"), "--no-ui")
    assert str(home / "none.jsonl") in said


def test_a_bad_line_of_a_recording_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "r.jsonl"
    path.write_text('{"t_ns":1,"event":"lost","frames":1}\nnonsense\n{"t_ns":2,"event":"lost","frames":1}\n')
    assert f"{path} line 2" in refused(capsys, "replay", str(path), "--no-ui")


@pytest.mark.parametrize(
    "argv",
    [
        ("--no-ui",),
        ("--once",),
        ("check",),
        ("bench",),
        *(("config", word) for word in ("path", "show", "schema", "init")),
    ],
)
def test_credentials_that_others_can_read_stop_every_command(
    home: Path, argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    path = credentials(home, 0o644)
    assert f"chmod 600 {path}" in refused(capsys, *argv)


def test_credentials_are_not_looked_at_where_they_cannot_matter(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials(home, 0o644)
    (home / "empty.jsonl").write_text("")
    assert cli.main(["replay", str(home / "empty.jsonl"), "--no-ui"]) == 0
    started: list[argparse.Namespace] = []

    def run(args: argparse.Namespace) -> int:
        started.append(args)
        return 0

    monkeypatch.setattr("arbtui.sim.main.run", run)
    assert cli.main(["sim", "--port", "0"]) == 0
    monkeypatch.setattr("arbtui.cli.run._run_live", lambda *_: 0)
    assert cli.main(["--demo", "--no-ui"]) == 0
    assert len(started) == 1
    assert "chmod" not in capsys.readouterr().err


def test_debug_shows_where_it_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--no-ui", "--venues", "x", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_mistake_of_our_own_is_one_sentence_and_a_traceback_in_the_log(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise KeyError("slot")

    monkeypatch.setattr("arbtui.cli.run._run_live", broken)
    assert cli.main(["--no-ui"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "KeyError: 'slot'" in err
    assert "--debug" in err
    assert "Traceback" in (home / "state/arbtui/log/arbtui.log").read_text()
    with pytest.raises(KeyError):
        cli.main(["--no-ui", "--debug"])


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("arbtui.cli.run._run_live", interrupted)
    assert cli.main(["--no-ui"]) == 130


# what reaches the engine


def live_run(monkeypatch: pytest.MonkeyPatch, *argv: str) -> tuple[Any, Any]:
    """The run and the guest that a command line leads to."""
    seen: list[Any] = []

    async def run_live(run: Any, guest: Any, *, last_resort: Any) -> int:
        seen.extend((run, guest))
        return 0

    monkeypatch.setattr("arbtui.engine.run.run_live", run_live)
    assert cli.main(argv) == 0
    run, guest = seen
    return run, guest


def test_flags_become_settings_with_their_origin(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    config(home, '[market]\nsymbols = ["DOGE"]\n[venues.okx]\nenabled = false\n')
    run, _ = live_run(monkeypatch, "--no-ui", "--venues", "okx", "--symbols", "BTC,ETH", "--record", str(home / "rec"))
    assert run.venues == ("okx",)
    assert run.settings.market.symbols == ("BTC", "ETH")
    assert run.record_dir == home / "rec"
    assert str(run.loaded.origin(("market", "symbols"))) == "flag (--symbols)"
    assert (run.mode, run.demo, run.gateway) == ("PAPER", None, None)


@pytest.mark.parametrize("argv", [("--top", "all"), ("--symbols", "all")])
def test_all_coins_can_be_said_in_two_ways(monkeypatch: pytest.MonkeyPatch, home: Path, argv: tuple[str, ...]) -> None:
    config(home, '[market]\nsymbols = ["DOGE"]\ntop = 5\n')
    run, _ = live_run(monkeypatch, "--no-ui", *argv)
    assert (run.settings.market.top, run.settings.market.symbols) == ("all", ())


def test_the_mode_word_follows_the_run(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    config(home, '[venues.okx]\nenvironment = "demo"\n')
    assert live_run(monkeypatch, "--no-ui")[0].mode == "PAPER-TESTNET"
    assert live_run(monkeypatch, "--no-ui", "--live", "--venues", "okx")[0].mode == "DEMO-KEYS"
    assert live_run(monkeypatch, "--no-ui", "--live", "--venues", "binance")[0].mode == "LIVE"
    assert live_run(monkeypatch, "--no-ui", "--live", "--gateway", "http://127.0.0.1:9")[0].mode == "SIMULATED"
    assert live_run(monkeypatch, "--no-ui", "--venues", "binance")[0].mode == "PAPER"
    assert live_run(monkeypatch, "--no-ui", "--demo")[0].mode == "DEMO"
    run, _ = live_run(monkeypatch, "--no-ui", "--gateway", "http://127.0.0.1:9/")
    assert (run.mode, run.gateway) == ("PAPER-GATEWAY", "http://127.0.0.1:9")


def test_what_the_printer_is_told(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    from arbtui.headless import Once, Printer

    words = ("--emit", "quote,book", "--pairs", "all", "--levels", "3", "--every", "0", "--duration", "2.5")
    _, guest = live_run(monkeypatch, "--no-ui", *words, "--csv", str(home / "csv"))
    assert isinstance(guest, Printer)
    told = guest.options
    assert told.emit == {"quote", "book"}
    assert (told.pairs, told.levels, told.every_s, told.duration_s) == ("all", 3, 0.0, 2.5)
    assert told.csv_dir == home / "csv"
    _, guest = live_run(monkeypatch, "--no-ui")
    assert guest.options.emit == {"spread", "signal", "status"}
    assert (guest.options.every_s, guest.options.levels) == (1.0, 10)
    run, guest = live_run(monkeypatch, "--once", "--top", "7", "--json")
    assert guest.options.once == Once(7, as_json=True)
    assert run.settings.market.top == 300
    assert live_run(monkeypatch, "--once", "--top", "all")[1].options.once == Once(None)


def test_the_automatic_modes_options_are_settings_and_its_decisions_are_printed(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    config(home, "[auto]\nsize_usd = 50.0\nmax_hedges = 2\n")
    given = ("--size", "75", "--max-position", "300", "--fill-timeout", "4", "--long-threshold", "12.5")
    run, guest = live_run(monkeypatch, "--no-ui", "--auto", *given, "--venues", "okx,binance")
    auto = run.settings.auto
    assert run.auto
    assert (auto.size_usd, auto.max_position_usd, auto.max_hedges, auto.fill_timeout_s) == (75.0, 300.0, 2, 4.0)
    assert (auto.long_threshold_bps, auto.short_threshold_bps, auto.order) == (12.5, "signal", ("okx", "binance"))
    assert guest.options.emit == {"spread", "signal", "status", "decision"}
    run, guest = live_run(monkeypatch, "--no-ui")
    assert not run.auto
    assert "decision" not in guest.options.emit


def test_an_exchange_that_the_automatic_mode_cannot_know_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[auto]\norder = ["okx", "binanse"]\n')
    assert 'auto.order names "binanse", which is none of binance, okx' in refused(capsys, "--no-ui", "--auto")


def test_what_was_changed_by_key_holds_in_the_next_run(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    path = home / "state/arbtui/state.toml"
    path.parent.mkdir(parents=True)
    path.write_text('["signals.threshold_bps"]\nvalue = 8.0\n')
    assert live_run(monkeypatch, "--no-ui")[0].settings.signals.threshold_bps == 8.0
    config(home, "[signals]\nthreshold_bps = 6.0\n")
    run, _ = live_run(monkeypatch, "--no-ui")
    assert run.settings.signals.threshold_bps == 6.0
    assert run.loaded.dropped == ("signals.threshold_bps",)


def test_a_replay_is_not_moved_by_what_was_changed_by_key(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "state/arbtui/state.toml"
    path.parent.mkdir(parents=True)
    path.write_text('["signals.threshold_bps"]\nvalue = 8.0\n')
    seen: list[Any] = []

    async def run_replay(run: Any, guest: Any) -> int:
        seen.append((run, guest))
        return 0

    monkeypatch.setattr("arbtui.engine.run.run_replay", run_replay)
    assert cli.main(["replay", "a.jsonl", "b.jsonl", "--emit", "quote", "--speed", "10"]) == 0
    run, guest = seen[0]
    assert run.settings.signals.threshold_bps == 5.0
    assert (run.files, run.speed) == ((Path("a.jsonl"), Path("b.jsonl")), 10.0)
    assert guest.options.lossless
    assert cli.main(["replay", "a.jsonl", "--speed", "max"]) == 0
    assert seen[1][0].speed is None


# config


def test_config_path_names_all_places(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config(home, "")
    assert cli.main(["config", "path"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert set(lines) == {"config", "credentials", "state", "data", "log"}
    assert lines["config"] == str(home / "config/arbtui/config.toml")
    assert lines["state"].endswith("(not there)")


def test_config_init_writes_the_example_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "init"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == home / "config/arbtui/config.toml"
    assert "# threshold_bps = 5.0" in path.read_text()
    assert cli.main(["config", "show"]) == 0
    capsys.readouterr()
    path.write_text("# mine\n")
    assert "exists already" in refused(capsys, "config", "init")
    assert path.read_text() == "# mine\n"


def test_config_init_can_write_elsewhere(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "init", "--config", str(home / "my.toml")]) == 0
    assert (home / "my.toml").exists()


def test_config_show_names_origins_and_masks_secrets(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config(home, "[walk]\nusd = 250.0\n")
    credentials(home, text='[binance]\napi_key = "hunter2"\n')
    monkeypatch.setenv("ARBTUI_BOOKS__MAX", "12")
    assert cli.main(["config", "show"]) == 0
    out = capsys.readouterr().out
    assert "walk.usd = 250.0  # config (" in out
    assert "books.max = 12  # env (ARBTUI_BOOKS__MAX)" in out
    assert "signals.samples = 3  # default" in out
    assert "credentials.binance.api_key" in out
    assert "hunter2" not in out


def test_config_schema_is_one_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "schema"]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


# as a program


def test_a_reader_that_leaves_early_is_no_error() -> None:
    run = subprocess.run(
        f"{sys.executable} -m arbtui config schema | head -c 10", shell=True, capture_output=True, text=True, cwd=ROOT
    )
    assert run.stderr == ""


def test_the_program_refuses_with_2_and_one_sentence() -> None:
    run = arbtui("--live")
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1


def test_an_early_interrupt_leaves_no_traceback(home: Path) -> None:
    slow = (
        "import signal, os, arbtui.cli as c\nc._dispatch = lambda argv: os.kill(os.getpid(), signal.SIGINT)\nc.main()"
    )
    run = subprocess.run([sys.executable, "-c", slow], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert run.returncode == -signal.SIGINT
    assert run.stderr == ""


@pytest.mark.parametrize("words", [("--version",), ("config", "schema")])
def test_a_stdout_on_a_full_disk_is_told_in_one_sentence(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "arbtui", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == "arbtui: stdout cannot be written: the disk is full; make room or print elsewhere.\n"


# the journal


def test_a_journal_that_is_not_there_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["journal"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("arbtui: no order was ever written down in paper (")


def test_a_journal_of_another_mode_is_pointed_at(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = home / "data/arbtui/testnet/journal.sqlite3"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no journal at all")
    assert cli.main(["journal"]) == 0
    assert "there is one of testnet, see --mode" in capsys.readouterr().err
    assert cli.main(["journal", "--mode", "testnet", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"arbtui: {broken} is damaged" in err


def test_the_journal_is_read_with_a_broken_config(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config(home, "[nonsense")
    assert cli.main(["journal"]) == 0


# flatten


def test_flattening_paper_without_a_run_has_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flatten"]) == 0
    assert capsys.readouterr().out == "nothing is open on paper (everything)\n"


@pytest.mark.parametrize("broken", ["[nonsense", 'venues.okx.environment = "moon"', "\x00"])
def test_flattening_goes_on_with_defaults_where_the_config_is_broken(
    home: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(home, broken)
    assert cli.main(["flatten", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out == "nothing is open on paper (everything)\n"
    assert str(path) in err
    assert "Going on with default settings." in err


def test_flattening_goes_on_where_a_variable_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARBTUI_SIGNALS__NONSENSE", "1")
    assert cli.main(["flatten", "--dry-run"]) == 0
    assert "Going on with default settings." in capsys.readouterr().err


def test_loose_credentials_are_refused_by_flatten_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    credentials(home, mode=0o644)
    assert "chmod 600" in refused(capsys, "flatten", "--dry-run")


@pytest.mark.parametrize(
    ("typed", "meant"), [("yes\n", True), (" YES \n", True), ("y\n", False), ("\n", False), ("", False)]
)
def test_only_yes_is_yes(typed: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert says_yes("Flatten?") is meant
