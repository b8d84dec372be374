"""Trouble is counted each time and told once a kind."""

import logging

import pytest

from arbtui.core.clock import ManualClock
from arbtui.core.errors import ProtocolBroken, RefusalReason, TransportBroken, VenueRefused
from arbtui.core.status import Notice
from arbtui.engine.trouble import Trouble, kind_of


def test_a_thousand_bad_frames_are_one_line_in_the_log_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(ManualClock())
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            trouble.count_error("okx", ProtocolBroken("not_json", "a frame is no JSON", b"<html>"))
        trouble.count_error("bybit", ProtocolBroken("not_json", "a frame is no JSON", b"<html>"))
    assert trouble.counts == {"okx not_json": 1000, "bybit not_json": 1}
    assert len(caplog.records) == 2
    assert "<html>" in caplog.text


def test_listeners_hear_each_notice_with_its_time() -> None:
    clock, heard = ManualClock(7), list[Notice]()
    trouble = Trouble(clock)
    trouble.listeners.append(heard.append)
    trouble.notice("error", "okx perp is down: connection refused")
    assert heard == [Notice(7, "error", "okx perp is down: connection refused")]
    assert list(trouble.notices) == heard


def test_kinds_tell_whose_fault_it_was() -> None:
    assert kind_of(VenueRefused("no", reason=RefusalReason.BANNED)) == "refused_banned"
    assert kind_of(TransportBroken("gone")) == "transport"
    assert kind_of(ProtocolBroken("bad_price", "nan")) == "bad_price"


def test_what_began_with_nothing_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    Trouble(ManualClock()).count("okx", "resync_book", "perp.book.BTC: a gap")
    assert "began with" not in caplog.text
    assert "perp.book.BTC: a gap" in caplog.text
