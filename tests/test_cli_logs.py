"""The log: through a queue, in rotating files, one sentence on stderr, and never in anybody's way."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from arbtui import logs


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    level = root.level
    yield logging.getLogger("arbtui.test")
    root.setLevel(level)


def test_lines_go_to_the_file_and_in_short_to_stderr(tmp_path: Path, log: logging.Logger) -> None:
    console = io.StringIO()
    stop = logs.start(tmp_path / "log", stderr=console)
    log.info("%s is live", "okx")
    log.debug("not at this level")
    stop()
    assert console.getvalue() == "arbtui: info: okx is live\n"
    (line,) = (tmp_path / "log/arbtui.log").read_text().splitlines()
    assert line.endswith("Z INFO arbtui.test: okx is live")


def test_with_a_screen_nothing_goes_to_stderr(
    tmp_path: Path, log: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    stop = logs.start(tmp_path)
    log.error("only for the file")
    stop()
    assert capfd.readouterr() == ("", "")
    assert "only for the file" in (tmp_path / "arbtui.log").read_text()


def test_tracebacks_are_for_the_file(tmp_path: Path, log: logging.Logger) -> None:
    console = io.StringIO()
    stop = logs.start(tmp_path, stderr=console)
    try:
        raise ValueError("inner")
    except ValueError:
        log.exception("a feed failed")
    stop()
    assert console.getvalue() == "arbtui: error: a feed failed\n"
    assert "ValueError: inner" in (tmp_path / "arbtui.log").read_text()


def test_files_rotate_and_old_ones_leave(tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    stop = logs.start(tmp_path)
    for number in range(400):
        log.info("line %d of many", number)
    stop()
    files = sorted(tmp_path.iterdir())
    assert len(files) == logs.FILES == 5
    assert all(file.stat().st_size <= 2000 for file in files)


def test_arguments_may_change_after_the_call(tmp_path: Path, log: logging.Logger) -> None:
    stop, names = logs.start(tmp_path), ["okx"]
    log.info("down: %s", names)
    names.clear()
    stop()
    assert "down: ['okx']" in (tmp_path / "arbtui.log").read_text()


def test_a_folder_that_cannot_be_written_is_said_and_the_run_goes_on(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    console = io.StringIO()
    stop = logs.start(tmp_path / "file" / "log", stderr=console)
    log.warning("still said")
    stop()
    assert "no log files" in capsys.readouterr().err
    assert "still said" in console.getvalue()


def test_a_full_disk_silences_the_file_only(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = io.StringIO()
    stop = logs.start(tmp_path, stderr=console)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("logging.handlers.RotatingFileHandler.shouldRollover", full)
    log.warning("one")
    log.warning("two")
    stop()
    assert console.getvalue() == "arbtui: warning: one\narbtui: warning: two\n"


def test_a_file_that_cannot_be_closed_on_a_full_disk_ends_in_silence(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)

    close = logging.FileHandler.close

    def full(handler: logging.FileHandler) -> None:
        close(handler)
        raise OSError(28, "No space left on device")

    stop = logs.start(tmp_path, stderr=None)
    log.warning("one")
    monkeypatch.setattr("logging.FileHandler.close", full)
    stop()
    assert not died


def test_a_stderr_that_nobody_reads_does_not_hold_the_end(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_STOP_WITHIN_S", 0.2)
    reader, writer = os.pipe()
    stderr = os.fdopen(writer, "w", buffering=1)
    stop = logs.start(tmp_path, stderr=stderr)
    for _ in range(200):
        log.info("x" * 1000)
    stop()
    (end,) = [thread for thread in threading.enumerate() if thread.name == "log end"]
    os.close(reader)  # now the handler gets an error in place of silence, and may end
    end.join(5)
    assert not end.is_alive()
    with contextlib.suppress(BrokenPipeError):
        stderr.close()


def test_once_says_each_kind_once_and_counts(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    once = logs.Once(log)
    assert once("bad price", logging.WARNING, "bad price in %r", b"x")
    assert not once("bad price", logging.WARNING, "bad price in %r", b"y")
    assert once("not json", logging.WARNING, "not json")
    assert once.counts == {"bad price": 2, "not json": 1}
    assert len(caplog.records) == 2


def test_a_stderr_that_is_never_read_again_lets_the_interpreter_go() -> None:
    """What the standard library does at exit included: it waits for handlers' locks, and for stderr's buffer."""
    reader, writer = os.pipe()
    code = (
        "import logging, sys, tempfile; from pathlib import Path; from arbtui import logs\n"
        "stop = logs.start(Path(tempfile.mkdtemp()), stderr=sys.stderr)\n"
        "for _ in range(200): logging.getLogger('x').info('y' * 1000)\n"
        "stop(); sys.exit(7)"
    )
    try:
        assert subprocess.run([sys.executable, "-c", code], stderr=writer, timeout=30, check=False).returncode == 7
    finally:
        os.close(reader)
        os.close(writer)
