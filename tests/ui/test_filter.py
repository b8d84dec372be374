"""The words of the filter: what passes, what is wrong with a word, what a word may become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arbtui.strategy.rows import SpreadRow
from arbtui.ui.columns import COLUMNS
from arbtui.ui.filter import ABOUT, FIGURES, STATES, States, fuzzy, hint, parse
from tests.ui.fake_port import VENUES, FakePort
from tests.ui.test_order import row


def accepted(words: str, *rows: SpreadRow, states: States | None = None) -> list[str]:
    test = parse(words)
    assert test.problem is None
    return [each.base for each in rows if test(each, states or States())]


def test_bare_letters_match_a_symbol_in_order() -> None:
    assert accepted("dg", row("DOGE", 1.0), row("GOD", 1.0)) == ["DOGE"]
    assert fuzzy("do", "doge") == 0
    assert fuzzy("og", "doge") == 1
    assert fuzzy("gd", "doge") is None


def test_venues_are_named_by_side_and_by_either_name() -> None:
    port = FakePort(40)
    for each in port.rows():
        assert parse(f"buy:{each.buy.venue[:3]}")(each)
        assert parse(f"venue:{each.sell.venue[:4]}")(each)
        assert parse(f"!buy:{each.buy.venue}")(each) is False
        assert parse(f"buy:nobody,{each.buy.venue}")(each), "one of several is enough"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("net>3", ["B"]),
        ("net>=3", ["A", "B"]),
        ("net<3", []),
        ("net<=3", ["A"]),
        ("net=3", ["A"]),
        ("!net>3", ["A", "C"]),
        ("net>-5", ["A", "B"]),
    ],
)
def test_figures_are_compared_and_unknown_ones_never_match(words: str, names: list[str]) -> None:
    assert accepted(words, row("A", 3.0), row("B", 4.0), row("C", None)) == names


def test_sizes_may_be_written_in_thousands_and_room_is_the_walked_one_where_there_is_one() -> None:
    shallow, deep = row("A", 1.0, top_usd=9000.0, max_usd=2000.0), row("B", 1.0, top_usd=3000.0, max_usd=None)
    assert accepted("top>2.5k", shallow, deep) == ["A", "B"]
    assert accepted("usd>2.5k", shallow, deep) == ["B"]
    assert accepted("max>1.5k", shallow, deep) == ["A"]
    assert accepted("top<0.01m", shallow, deep) == ["A", "B"]


def test_every_numeric_column_can_be_compared() -> None:
    figures = {column.id for column in COLUMNS if column.right and column.title}
    assert figures <= set(FIGURES)
    port = FakePort(5)
    for name in FIGURES:
        assert parse(f"{name}>0").problem is None
        assert all(isinstance(parse(f"{name}>0")(each), bool) for each in port.rows())


def test_states_are_words_and_their_inverses() -> None:
    rows = (row("A", 1.0), row("B", 1.0, muted="quarantined"), row("C", 1.0))
    states = States(pinned={"A"}, signals={"C"}, open={"B", "C"}, stale=lambda each: each.base == "A")
    for words, names in (
        ("pinned", ["A"]),
        ("!pinned", ["B", "C"]),
        ("signal", ["C"]),
        ("open", ["B", "C"]),
        ("open !muted", ["C"]),
        ("stale", ["A"]),
        ("muted", ["B"]),
        ("!muted !stale", ["C"]),
    ):
        assert accepted(words, *rows, states=states) == names


def test_kinds_and_sources_are_words_too() -> None:
    port = FakePort(60)
    kept = [each for each in port.rows() if parse("!spot")(each)]
    assert kept
    assert all(each.buy.market.value == each.sell.market.value == "perp" for each in kept)
    first = port.rows()[0]
    by_rest = replace(first, base="R", buy=replace(first.buy, source="rest"))
    assert accepted("rest", first, by_rest) == ["R"]


def test_a_coin_that_is_called_like_a_word_is_still_to_be_had() -> None:
    rows = (row("PERP", 1.0), row("OPEN", 1.0))
    assert accepted("coin:perp", *rows) == ["PERP"]
    assert accepted("!coin:perp", *rows) == ["OPEN"]


def test_an_exclamation_mark_turns_letters_round_where_they_stand_side_by_side() -> None:
    assert accepted("!doge", row("DOGE", 1.0), row("BTC", 1.0)) == ["BTC"]
    assert accepted("!dg", row("DOGE", 1.0), row("DG", 1.0)) == ["DOGE"]


def test_or_parts_groups_that_are_each_all_of_their_words() -> None:
    rows = (row("BTC", 9.0), row("ETH", 1.0), row("BTW", 1.0))
    assert accepted("bt net>5 or eth", *rows) == ["BTC", "ETH"]
    assert accepted("or or", *rows) == ["BTC", "ETH", "BTW"], "groups of nothing are none"
    assert parse(" or ").empty


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("by:okx", 'at 1: "by:" is not known; the nearest is "buy:"'),
        ("btc nett>3", 'at 5: "nett" is no figure; the nearest is "net"'),
        ("net>x", 'at 1: "x" is not a number'),
        ("  net>", "at 3: net> waits for a number"),
        ("net>nan", 'at 1: "nan" is not a number'),
        ("net>inf", 'at 1: "inf" is not a number'),
        ("btc !", "at 5: ! waits for a word"),
        ("buy:", "at 1: buy: waits for a venue"),
        ("buy:okx,bybt", 'at 1: no venue begins with "bybt"; the nearest is "bybit"'),
    ],
)
def test_a_word_that_makes_no_sense_is_named_with_its_place_and_left_out(words: str, says: str) -> None:
    test = parse(words, VENUES)
    assert test.problem == says
    if "btc" in words:
        assert test(row("BTC", 1.0))
        assert not test(row("XRP", 1.0))
    else:
        assert test.empty


def test_the_first_of_two_wrong_words_is_named() -> None:
    assert parse("net>x gros>1").problem == 'at 1: "x" is not a number'


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "letters  net>3"),
        ("ne", "net>"),
        ("net", "net>  net<"),
        ("btc !mu", "muted"),
        ("venue:b", "venue:binance  venue:bybit  venue:bitget"),
        ("buy:okx,hy", "buy:hyperliquid"),
        ("btc ", ""),
    ],
)
def test_while_a_word_is_typed_the_line_says_what_it_may_become(typed: str, says: str) -> None:
    assert hint(typed, VENUES).startswith(says)


def test_every_word_that_is_offered_or_explained_is_understood() -> None:
    for example, about in ABOUT:
        assert parse(example, VENUES).problem is None, about
    for word in STATES:
        assert parse(word).problem is None
        assert not parse(word).empty
