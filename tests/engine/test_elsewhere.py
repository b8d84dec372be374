"""What other modes hold open is said at the start: a mode follows from settings, and hedges do not follow."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from arbtui.config import Paths
from arbtui.engine.control import SOCKET
from arbtui.engine.elsewhere import NAMED, open_elsewhere, open_in
from arbtui.engine.modes import ALL
from arbtui.engine.orders import journal_path
from arbtui.execution.lifecycle import Step
from arbtui.execution.ports import Record
from arbtui.execution.records import Stepped, record
from arbtui.storage.lock import ModeLock
from tests.engine.test_flatten import written
from tests.execution.stage import HEDGE, T0, Stage


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    nowhere = tmp_path / "none"
    return Paths(nowhere, nowhere, nowhere, tmp_path, tmp_path)


def hedged(folder: Path) -> None:
    stage = Stage()
    stage.hedged()
    written(folder, stage.disk.kept)


def stepped(folder: Path, *steps: Step, hedge: str = "h") -> None:
    records: list[Record] = [record(T0, hedge, Stepped(step, "")) for step in steps]
    written(folder, records)


def test_a_hedge_that_stands_open_in_another_mode_is_said_and_in_this_one_not(paths: Paths) -> None:
    hedged(paths.data("DEMO-KEYS"))
    ((level, said),) = open_elsewhere(paths, "TESTNET")
    assert level == "warning"
    assert said.startswith(f"a hedge is open in DEMO-KEYS ({HEDGE}), and this run (TESTNET) does not look after them")
    assert "`arbtui journal --mode demo-keys`" in said
    assert list(open_elsewhere(paths, "DEMO-KEYS")) == []


@pytest.mark.parametrize("mode", ALL)
def test_every_modes_journal_is_looked_at_and_play_is_said_more_quietly(mode: str, paths: Paths) -> None:
    hedged(paths.data(mode))
    other = "LIVE" if mode != "LIVE" else "PAPER"
    ((level, _),) = open_elsewhere(paths, other)
    assert level == ("info" if mode.startswith(("PAPER", "DEMO")) and mode != "DEMO-KEYS" else "warning")


def test_what_has_ended_or_was_never_there_is_not_said(paths: Paths) -> None:
    stepped(paths.data("LIVE"), Step.PERSISTED, Step.SEND, Step.ANSWERED, Step.EMPTY)
    paths.data("TESTNET").mkdir(parents=True)
    assert list(open_elsewhere(paths, "PAPER")) == []
    assert not journal_path(paths.data("TESTNET")).exists(), "nothing is made by looking"


def test_many_are_a_number_and_the_first_of_them(paths: Paths) -> None:
    for number in range(NAMED + 2):
        stepped(paths.data("LIVE"), Step.PERSISTED, Step.SEND, hedge=f"h{number}")
    ((_, said),) = open_elsewhere(paths, "PAPER")
    assert said.startswith(f"{NAMED + 2} hedges are open in LIVE (h0, h1, h2, h3, h4 ...), and")


def test_a_journal_that_cannot_be_read_is_a_doubt_and_hides_no_other(paths: Paths) -> None:
    for mode, content in (("SIMULATED", b"\x00garbage" * 4000), ("TESTNET", b"")):
        path = journal_path(paths.data(mode))
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    stepped(paths.data("DEMO-KEYS"), Step.BALANCED)  # no hedge begins so
    hedged(paths.data("LIVE"))
    said = [text for _, text in open_elsewhere(paths, "PAPER")]
    assert [text.split(":")[0] for text in said[:3]] == [
        "what is open in SIMULATED is not known",
        "what is open in DEMO-KEYS is not known",
        "what is open in TESTNET is not known",
    ]
    assert said[3].startswith("a hedge is open in LIVE")


def test_a_mode_whose_own_run_takes_commands_is_left_to_it_and_a_lock_hinders_no_look(paths: Paths) -> None:
    folder = paths.data("LIVE")
    hedged(folder)
    lock = ModeLock(folder)
    assert lock.acquire()
    assert len(list(open_elsewhere(paths, "PAPER"))) == 1
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / SOCKET))
        listening.listen()
        assert list(open_elsewhere(paths, "PAPER")) == []
    lock.release()
    assert open_in(journal_path(folder)) == [HEDGE]
