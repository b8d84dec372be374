"""Which coins are streamed."""

from arbtui.strategy.selection import named, second_best_usd, top


def test_a_coin_is_worth_the_lesser_of_its_two_best_venues() -> None:
    assert second_best_usd({"a": 9e9, "b": 5.0, "c": 7.0}) == 7.0


def test_a_coin_on_one_venue_has_nothing_to_arbitrage() -> None:
    assert second_best_usd({"a": 9e9}) == 0.0


def test_a_streamed_coin_keeps_its_place_near_the_edge_but_not_far_below_it() -> None:
    volumes = {"A": 100.0, "B": 50.0, "C": 48.0, "D": 10.0}
    assert top(volumes, 2) == ["A", "B"]
    assert top(volumes, 2, streamed=["C"]) == ["A", "C"]
    assert top(volumes, 2, streamed=["D"]) == ["A", "B"]


def test_equal_coins_come_in_the_order_of_their_names() -> None:
    assert top({"B": 1.0, "A": 1.0, "C": 1.0}, 2) == ["A", "B"]


def test_named_coins_are_found_whatever_their_case_and_the_rest_is_told() -> None:
    assert named(["btc", "kpepe2", "BTC"], ["BTC", "ETH"]) == (["BTC"], ["kpepe2"])
