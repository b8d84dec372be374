"""A peer has a figure only where it reads the frames rightly."""

from __future__ import annotations

import pytest

from arbtui.bench import hotpath, peers

pytest.importorskip("ccxt")


@pytest.mark.slow
def test_ccxt_reads_the_frames_that_it_is_timed_on() -> None:
    size = hotpath.Size(rounds=1, coins=12, frames=150, book_coins=3, book_frames=40)
    result = hotpath.run(("binance", "okx"), size)
    faster = {goal.name: goal.value for goal in result.goals}
    assert faster["faster than ccxt.pro, BBO frames"] is not None
    assert faster["faster than ccxt.pro, book frames"] is not None


def test_who_is_not_installed_is_not_among_the_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert peers.installed() == {}
