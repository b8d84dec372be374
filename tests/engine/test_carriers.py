"""A paper account that cannot be read is told with its file and the remedy, not thrown at the person."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arbtui.config import Settings
from arbtui.core.clock import ManualClock
from arbtui.core.errors import JournalError
from arbtui.engine.carriers import PaperVenue, paper_name
from arbtui.engine.orders import journal_path
from arbtui.execution.paper_state import VERSION
from arbtui.storage import journal as journals
from arbtui.storage.journal import Journal
from arbtui.venues import registry


def paper(path: Path, kept: bytes) -> PaperVenue:
    """The first paper venue of a run whose journal keeps this as its account."""
    journal: Any = Journal(path, lambda call: call())
    journal.keep(paper_name("binance"), kept, pytest.fail)
    assert journal.close()
    venue = registry.venue("binance")
    running: Any = SimpleNamespace(venue=venue, trades=SimpleNamespace(live=lambda _leg: True, on_trade=[]))
    running.hold_trades = lambda _leg: None
    live: Any = SimpleNamespace(
        desk=SimpleNamespace(board=None, wire_texts=None), trouble=SimpleNamespace(notice=print)
    )
    found = journals.kept(path, paper_name("binance"))
    return PaperVenue(running, live, Settings(), ManualClock(), journal, found, lambda _event: None)


@pytest.mark.parametrize(
    "kept", [b'{"account', b"\xff\xfe", b"", b"[]", b'{"orders":7}', b'{"version":%d}' % (VERSION + 1)]
)
def test_a_damaged_paper_account_is_named_with_its_file_and_what_to_do(tmp_path: Path, kept: bytes) -> None:
    path = journal_path(tmp_path)
    with pytest.raises(JournalError, match="paper account of binance") as refused:
        paper(path, kept)
    text = str(refused.value)
    assert str(path) in text
    assert "move the file away" in text
    assert "\n" not in text


def test_a_sound_paper_account_is_taken_up(tmp_path: Path) -> None:
    assert paper(journal_path(tmp_path), b'{"version":%d}' % VERSION).executor.name == "binance"
