"""What REST answers have in common, whatever the venue."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.events import Event, Ignored, Mid
from arbtui.venues import answers
from arbtui.venues.base import HttpRequest
from arbtui.venues.wire import Rows, price_text, slot_or_none
from tests.venues.recordings import Growing


class _Row(msgspec.Struct):
    s: str
    p: str


_ROWS: Rows[_Row] = Rows(_Row)


def mids(row: _Row, slot: int) -> Sequence[Event]:
    price = price_text(row.p)
    return (Mid(slot, None if price is None else float(price), 7),)


def told(data: bytes, slots: dict[str, int]) -> list[Event]:
    return answers.row_events(_ROWS, data, "rows", lambda row: slot_or_none(slots, row.s), mids)


def test_a_row_that_is_bad_or_unknown_does_not_take_the_others_with_it() -> None:
    data = b'[{"s":"A","p":"1"},{"s":"X","p":"1"},{"s":"B","p":"-1"},{"s":"Y","p":"1"},{"s":"C","p":"3"}]'
    assert told(data, {"A": 0, "B": 1, "C": 2}) == [
        Mid(0, 1.0, 7),
        Mid(2, 3.0, 7),
        Ignored("unknown_symbol", 2),
        Ignored("bad_row"),
    ]


def test_a_row_without_the_shape_of_one_is_told_of_once() -> None:
    assert told(b'[7,{"s":"A","p":"-1"},{"s":"A","p":"1"},8]', {"A": 0}) == [Mid(0, 1.0, 7), Ignored("bad_row")]


def test_an_answer_that_is_no_array_is_refused() -> None:
    with pytest.raises(ProtocolBroken):
        told(b'{"s":"A","p":"1"}', {"A": 0})


def test_a_table_may_take_in_new_symbols() -> None:
    assert told(b'[{"s":"A","p":"1"},{"s":"B","p":"2"}]', Growing()) == [Mid(0, 1.0, 7), Mid(1, 2.0, 7)]


def test_best_prices_by_rest_keep_their_texts_and_their_missing_side() -> None:
    quote = answers.rest_quote(3, 7, 5, "1.50", "2.0", "", "0")
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (1.5, 2.0, None, None)
    assert quote.raw == ("1.50", "2.0", None, None)
    assert (quote.slot, quote.t_ns, quote.exchange_ms, quote.seq, quote.source) == (3, 7, 5, 0, "rest")
    with pytest.raises(ProtocolBroken):
        answers.rest_quote(3, 7, 5, "1.50", "0", "", "0")


def test_a_refusal_says_who_refused_what_and_why() -> None:
    request = HttpRequest("GET", "https://x/y", "spot tickers")
    error = answers.refused("Toy", request, 400, "51001", "no such thing", RefusalReason.UNKNOWN_INSTRUMENT)
    assert str(error) == "Toy refused spot tickers: no such thing (code 51001, HTTP 400)"
    assert (error.reason, error.code) == (RefusalReason.UNKNOWN_INSTRUMENT, "51001")
    assert "no reason given" in str(answers.refused("Toy", request, 500, "1", None, RefusalReason.OTHER))
