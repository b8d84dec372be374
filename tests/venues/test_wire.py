"""The edge of the wire: what is a number, what is a row, what is an address."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.errors import OurMistake, ProtocolBroken
from arbtui.venues import registry, wire


class _Row(msgspec.Struct):
    s: str
    p: wire.Price


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-1", "0", "-0", "1e400", "1_0", "+1", " 1", "0x10", "١", ""])
def test_a_price_on_the_fast_path_is_finite_and_above_zero(text: str) -> None:
    decoder = msgspec.json.Decoder(_Row, strict=False)
    with pytest.raises(ProtocolBroken) as caught:
        wire.guarded(decoder, f'{{"s":"A","p":"{text}"}}'.encode(), "row")
    assert caught.value.kind == "unknown_shape"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "not_json"),
        (b"<html>", "not_json"),
        (b'{"s":"A","p":"1"', "not_json"),
        (b'{"s":"\xff","p":"1"}', "not_utf8"),
        (b'{"s":"A","p":"1","x":' + b"[" * 100_000, "too_deep"),
        (b'{"s":null,"p":"1"}', "unknown_shape"),
        (b'{"s":"A","p":' + b"9" * 5000 + b"}", "unknown_shape"),
    ],
)
def test_every_way_to_be_no_frame_is_one_typed_error(data: bytes, kind: str) -> None:
    with pytest.raises(ProtocolBroken) as caught:
        wire.guarded(msgspec.json.Decoder(_Row, strict=False), data, "row")
    assert caught.value.kind == kind
    assert len(caught.value.sample) <= 200


def test_one_bad_row_does_not_take_the_others_with_it() -> None:
    rows: wire.Rows[_Row] = wire.Rows(_Row)
    good, bad = rows.decode(b'[{"s":"A","p":"1"},{"s":"B","p":"nan"},7,{"s":"C","p":"2"}]', "rows")
    assert [row.s for row in good] == ["A", "C"]
    assert bad == [b'{"s":"B","p":"nan"}', b"7"]
    with pytest.raises(ProtocolBroken):
        rows.decode(b'{"s":"A","p":"1"}', "rows")


def test_a_large_array_is_read_row_by_row_and_says_the_same() -> None:
    rows: wire.Rows[_Row] = wire.Rows(_Row)
    one = b'{"s":"A","p":"1"}'
    assert rows.decode(b"[" + b",".join([one] * 5000) + b"]", "rows") == ([_Row("A", 1.0)] * 5000, [])
    good, bad = rows.decode(b"[" + b",".join([one] * 5000 + [b"7"]) + b"]", "rows")
    assert (len(good), bad) == (5000, [b"7"])
    with pytest.raises(ProtocolBroken) as caught:
        rows.decode(b"[" + b",".join([one] * 5000), "rows")
    assert caught.value.kind == "not_json"


def test_a_bad_row_keeps_its_place_where_places_mean_something() -> None:
    rows: wire.Rows[_Row] = wire.Rows(_Row)
    assert rows.decode_in_place(b'[{"s":"A","p":"1"},7,{"s":"C","p":"2"}]', "rows") == [
        _Row("A", 1),
        b"7",
        _Row("C", 2),
    ]
    assert rows.decode_in_place(b'[{"s":"A","p":"1"}]', "rows") == [_Row("A", 1)]
    with pytest.raises(ProtocolBroken):
        rows.decode_in_place(b'{"s":"A","p":"1"}', "rows")


@pytest.mark.parametrize("text", [None, "", "0", "-1", "1.5", "nan", "١", "9" * 17])
def test_what_spells_no_time_is_no_time(text: str | None) -> None:
    assert wire.millis_or_none(text) is None
    assert wire.millis_or_none("1791900000000") == 1791900000000


@given(st.floats(min_value=1e-12, max_value=1e15), st.integers(0, 12))
def test_the_text_of_a_number_is_what_stood_on_the_wire(value: float, digits: int) -> None:
    text = f"{value:.{digits}f}"
    assert wire.text_of(msgspec.Raw(f'"{text}"'.encode())) == text
    assert wire.text_of(msgspec.Raw(text.encode())) == text


@pytest.mark.parametrize("raw", [b"null", b'""', b""])
def test_nothing_is_nothing(raw: bytes) -> None:
    assert wire.text_of(msgspec.Raw(raw)) is None


@pytest.mark.parametrize("raw", [b'"nan"', b"[]", b"{}", b"true", b'"1_0"', b'"1e-999999999"', b'"\\u0661"', b'" 1"'])
def test_what_is_no_finite_decimal_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        wire.text_of(msgspec.Raw(raw))


def test_a_side_is_there_or_not_there_but_never_half() -> None:
    assert wire.side("1.50", "2") == (1.5, 2.0)
    for nothing in (None, "", "0", "0.00000000"):
        assert wire.side(nothing, nothing) == (None, None)
    for price, size, kind in (("0", "2", "bad_price"), ("-1", "2", "bad_price"), (None, "2", "bad_price"),
                              ("1", "0", "bad_size"), ("1", None, "bad_size"), ("1", "-2", "bad_size")):  # fmt: skip
        with pytest.raises(ProtocolBroken) as caught:
            wire.side(price, size)
        assert caught.value.kind == kind


def test_a_price_of_zero_was_never_traded_and_a_volume_of_zero_is_a_volume() -> None:
    assert wire.price_text("0.00000000") is None
    assert wire.amount_text("0.00000000") == "0.00000000"
    assert wire.signed_text("-0.00010000") == "-0.00010000"
    for refuse in (wire.price_text, wire.amount_text):
        with pytest.raises(ProtocolBroken):
            refuse("-1")


def test_addresses_lose_their_port_and_keep_their_query() -> None:
    url = wire.with_query("https://api.binance.com:443/api/v3/depth", symbol="币安人生USDT", limit=500)
    assert url.isascii()
    assert wire.address(url) == ("api.binance.com", "/api/v3/depth", {"symbol": "币安人生USDT", "limit": "500"})
    assert wire.address("https://[nonsense/").host == ""


def test_a_wrong_venue_name_is_answered_with_the_nearest() -> None:
    assert registry.venue("binance") is registry.venue("binance")
    with pytest.raises(OurMistake, match="binance"):
        registry.venue("binence")
