"""Everything that was said, line by line: nothing twice, nothing lost before its time, and found again."""

from __future__ import annotations

import logging
import threading

from arbtui.core.clock import ManualClock
from arbtui.core.status import Notice
from arbtui.engine.trouble import Trouble
from arbtui.ui.logbook import LogBook, View, following


def book(kept: int = 100) -> LogBook:
    return LogBook(ManualClock(5), kept)


def said(of: LogBook) -> list[tuple[str, str, str]]:
    return [(entry.level, entry.source, entry.text) for entry in of.entries]


def test_a_notice_that_is_logged_too_stands_there_once() -> None:
    kept = book()
    trouble = Trouble(ManualClock(7))
    trouble.listeners.append(kept.notice)
    with following(kept):
        trouble.notice("warning", "okx is down")
        trouble.count("okx", "not_json", "no JSON")
        logging.getLogger("arbtui.net.feed").error("it %s", "broke")
    logging.getLogger("arbtui.net.feed").error("nobody listens any more")
    assert said(kept) == [
        ("warning", "engine", "okx is down"),
        ("warning", "engine.trouble", "okx: no JSON (not_json); counted from here on"),
        ("error", "net.feed", "it broke"),
    ]
    assert kept.entries[0].t_ns == 7


def test_what_the_screen_said_stands_there_with_its_level() -> None:
    kept = book()
    kept.say(Notice(9, "warning", "'x' is not a number"))
    assert said(kept) == [("warning", "screen", "'x' is not a number")]


def test_the_oldest_go_first_and_numbers_go_on() -> None:
    kept = book(3)
    for number in range(5):
        kept.add(number, "info", "engine", f"line {number}")
    assert [entry.number for entry in kept.entries] == [2, 3, 4]
    assert kept.count == 5


def test_several_lines_are_several_entries_and_an_unknown_level_is_information() -> None:
    kept = book()
    kept.add(0, "debug", "engine", "one\ntwo")
    assert said(kept) == [("info", "engine", "one"), ("info", "engine", "two")]


def test_threads_may_log_at_once_and_every_entry_gets_a_number_of_its_own() -> None:
    kept = book(10_000)

    def write() -> None:
        for _ in range(500):
            kept.add(0, "info", "x", "y")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.number for entry in kept.entries] == list(range(2000))


# looking at it


def filled() -> LogBook:
    kept = book()
    for number in range(10):
        kept.add(number, "warning" if number % 3 == 0 else "info", "engine", f"line {number}")
    return kept


def test_a_view_follows_the_newest_until_it_is_moved_and_again_from_the_end_on() -> None:
    kept, view = filled(), View()
    assert view.place(view.chosen(kept.entries)) == 9
    view.move(view.chosen(kept.entries), -2)
    kept.add(10, "info", "engine", "more")
    chosen = view.chosen(kept.entries)
    assert chosen[view.place(chosen)].text == "line 7"
    view.move(chosen, 100)
    assert view.cursor is None
    kept.add(11, "info", "engine", "newest")
    chosen = view.chosen(kept.entries)
    assert chosen[view.place(chosen)].text == "newest"


def test_from_a_level_on_the_cursor_stays_as_near_as_it_can() -> None:
    kept, view = filled(), View()
    view.move(view.chosen(kept.entries), -5)
    view.next_level()
    chosen = view.chosen(kept.entries)
    assert [entry.text for entry in chosen] == ["line 0", "line 3", "line 6", "line 9"]
    assert chosen[view.place(chosen)].text == "line 6"
    view.next_level()
    assert view.chosen(kept.entries) == []
    assert view.place([]) == -1
    view.move([], 1)
    view.next_level()
    assert view.level == "info"


def test_words_are_found_in_any_order_forwards_and_backwards() -> None:
    kept, view = filled(), View()
    kept.add(10, "error", "net.feed", "a line of okx was cut")
    kept.add(11, "error", "net.feed", "bybit")
    chosen = view.chosen(kept.entries)
    view.words = "okx FEED"
    assert view.search(chosen, -1)
    assert chosen[view.place(chosen)].number == 10
    assert not view.search(chosen, -1)
    assert view.search(chosen, 1, here=True)
    assert not view.search(chosen, 1)
    assert view.cursor == 10, "what is not found moves nothing"
    view.words = ""
    assert not view.search(chosen, -1), "no words are nowhere"
