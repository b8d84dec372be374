"""Recordings back: torn ends are warnings, bad lines are not, files merge by time."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.errors import RecordingError
from arbtui.storage.reading import merge, read
from arbtui.storage.records import T_MAX_NS, BadLine, Closed, Frame, Http, Lost, Opened, Record, decode, encode

OPEN = {"t_ns": 1, "venue": "okx", "conn": "c", "event": "open", "url": "wss://x"}


def frame(t_ns: int, text: str = "{}", **more: Any) -> dict[str, Any]:
    return {"t_ns": t_ns, "venue": "okx", "conn": "c", "dir": "in", "text": text, **more}


def text_of(*lines: dict[str, Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def all_of(path: Path) -> tuple[list[Record], list[str]]:
    warnings: list[str] = []
    return list(read(path, warnings.append)), warnings


def test_every_kind_of_line_becomes_its_record(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.jsonl",
        text_of(
            OPEN,
            frame(2, '{"a":"€"}'),
            {"t_ns": 3, "venue": "okx", "conn": "c", "dir": "out", "base64": "AP8="},
            {"t_ns": 4, "venue": "okx", "http": "GET https://h/p?q=a b", "status": 200, "text": ""},
            {"t_ns": 5, "venue": "okx", "http": "POST https://h/p", "body": "{}", "status": 429, "text": "no"},
            {"t_ns": 6, "event": "lost", "frames": 2},
            {"t_ns": 7, "venue": "okx", "conn": "c", "event": "close", "reason": "bye"},
        ),
    )
    records, warnings = all_of(file)
    assert warnings == []
    assert records == [
        Opened(1, "okx", "c", "wss://x"),
        Frame(2, "okx", "c", "in", '{"a":"€"}'.encode()),
        Frame(3, "okx", "c", "out", b"\x00\xff", binary=True),
        Http(4, "okx", "GET", "https://h/p?q=a b", b"", 200, b""),
        Http(5, "okx", "POST", "https://h/p", b"{}", 429, b"no"),
        Lost(6, 2),
        Closed(7, "okx", "c", "bye"),
    ]


def test_frames_left_out_on_purpose_and_fields_to_come_are_passed_over(tmp_path: Path) -> None:
    login = {"t_ns": 2, "venue": "okx", "conn": "c", "dir": "out", "redacted": "login"}
    records, warnings = all_of(write(tmp_path / "r.jsonl", text_of(login, frame(3, later="field"))))
    assert len(records) == 1
    assert warnings == []


def test_an_empty_recording_is_no_error(tmp_path: Path) -> None:
    assert all_of(write(tmp_path / "r.jsonl", "")) == ([], [])
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(b""))
    assert all_of(tmp_path / "z.jsonl.gz") == ([], [])
    assert list(merge([], ["okx"], pytest.fail)) == []


@pytest.mark.parametrize("ending", ["", "\n", "\n\n"])
def test_a_torn_last_line_is_a_warning(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / "r.jsonl", text_of(frame(1), frame(2)) + '{"t_ns":3,"ven' + ending)
    records, warnings = all_of(file)
    assert len(records) == 2
    assert len(warnings) == 1
    assert f"{file} line 3" in warnings[0]


def test_a_last_line_without_newline_that_is_whole_counts(tmp_path: Path) -> None:
    records, warnings = all_of(write(tmp_path / "r.jsonl", text_of(frame(1), frame(2)).rstrip("\n")))
    assert (len(records), warnings) == (2, [])


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("not json", "not JSON"),
        ("[1]", "Expected `object`"),
        ('{"venue":"okx","conn":"c","dir":"in","text":""}', "t_ns"),
        ('{"t_ns":"1","venue":"okx","conn":"c","dir":"in","text":""}', "t_ns"),
        ('{"t_ns":1.5,"venue":"okx","conn":"c","dir":"in","text":""}', "t_ns"),
        ('{"t_ns":-1,"venue":"okx","conn":"c","dir":"in","text":""}', "no time between 1970 and 2200"),
        ('{"t_ns":7258118400000000000,"event":"lost","frames":1}', "no time between 1970 and 2200"),
        ('{"t_ns":99999999999999999999999,"venue":"okx","conn":"c","dir":"in","text":""}', "no time between"),
        ('{"t_ns":1,"conn":"c","dir":"in","text":""}', '"venue" is missing'),
        ('{"t_ns":1,"venue":"okx","dir":"in","text":""}', '"conn" is missing'),
        ('{"t_ns":1,"venue":"okx","conn":"c","dir":"in"}', '"text" is missing'),
        ('{"t_ns":1,"venue":"okx","conn":"c","dir":"up","text":""}', "dir"),
        ('{"t_ns":1,"venue":"okx","conn":"c","dir":"in","base64":"?"}', "base64"),
        ('{"t_ns":1,"venue":"okx","conn":"c","event":"open"}', '"url" is missing'),
        ('{"t_ns":1,"venue":"okx","conn":"c","event":"shut"}', 'unknown event "shut"'),
        ('{"t_ns":1,"venue":"okx","conn":"c"}', "neither"),
        ('{"t_ns":1,"venue":"okx","http":"https://x","status":200,"text":""}', "in place of a method"),
        ('{"t_ns":1,"venue":"okx","http":"GET https://x","text":""}', '"status" is missing'),
        ('{"x":' + "[" * 10_000, "not JSON"),
    ],
)
def test_a_bad_line_elsewhere_names_file_and_line_in_one_sentence(tmp_path: Path, bad: str, says: str) -> None:
    file = write(tmp_path / "r.jsonl", text_of(frame(1)) + bad + "\n" + text_of(frame(3)))
    got: list[Record] = []
    with pytest.raises(RecordingError) as caught:
        got.extend(read(file, pytest.fail))
    assert f"{file} line 2: " in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_last_line_that_is_whole_is_no_torn_line(tmp_path: Path) -> None:
    file = write(tmp_path / "r.jsonl", text_of(frame(1), frame(-2)))
    with pytest.raises(RecordingError, match='line 2: "t_ns" is -2'):
        all_of(file)


def test_what_the_reader_cannot_use_stops_it_at_file_and_line(tmp_path: Path) -> None:
    def check(record: Record) -> None:
        if isinstance(record, Opened):
            raise BadLine("no address of okx")

    file = write(tmp_path / "r.jsonl", text_of(frame(1), OPEN, frame(3)))
    with pytest.raises(RecordingError, match="line 2: no address of okx; the recording cannot be read past it"):
        list(merge([file], ["okx"], pytest.fail, check))


def test_a_torn_gzip_tail_is_a_warning_and_what_came_before_is_used(tmp_path: Path) -> None:
    whole = gzip.compress(text_of(*(frame(i, str(i**9)) for i in range(5000))).encode())
    file = tmp_path / "r.jsonl.gz"
    for cut in (len(whole) - 1, len(whole) - 8, len(whole) // 2):
        file.write_bytes(whole[:cut])
        records, warnings = all_of(file)
        assert [r.t_ns for r in records] == list(range(len(records)))
        assert len(records) > 2000
        assert len(warnings) == 1
        assert "torn" in warnings[0]
        assert str(file) in warnings[0]


def test_damage_inside_a_gzip_file_is_an_error(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(text_of(*(frame(i, str(i**9)) for i in range(5000))).encode()))
    whole[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    file = tmp_path / "r.jsonl.gz"
    file.write_bytes(whole)
    with pytest.raises(RecordingError) as caught:
        all_of(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.jsonl cannot be read"):
        all_of(tmp_path / "none.jsonl")


def test_for_a_folder_it_is_said_how_its_recordings_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        all_of(tmp_path)
    assert (
        str(caught.value)
        == f"{tmp_path} is a folder without recordings (*.jsonl, *.jsonl.gz); name the files themselves."
    )
    (tmp_path / "a.jsonl.gz").write_bytes(b"")
    with pytest.raises(RecordingError) as caught:
        all_of(tmp_path)
    assert str(caught.value) == f"{tmp_path} is a folder; name the recordings in it: {tmp_path}/*.jsonl.gz"


def test_compression_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(gzip.compress(text_of(frame(1)).encode()))
    assert len(all_of(tmp_path / "r.jsonl")[0]) == 1


def test_several_files_are_merged_by_time_and_ties_keep_the_order_given(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", text_of(frame(1, "a"), frame(3, "b"), frame(5, "c")))
    two = write(tmp_path / "2.jsonl", text_of(frame(2, "A"), frame(3, "B"), frame(9, "C")))
    merged = [r.data.decode() for r in merge([one, two], ["okx"], pytest.fail) if isinstance(r, Frame)]
    assert merged == ["a", "A", "b", "B", "c", "C"]


def test_a_file_cut_within_one_instant_is_put_together_again_in_whatever_order_its_parts_are_given(
    tmp_path: Path,
) -> None:
    one = write(tmp_path / "1.jsonl", text_of(frame(1, "a"), frame(2, "b"), frame(2, "c")))
    two = write(tmp_path / "2.jsonl", text_of(frame(2, "d"), frame(2, "e"), frame(3, "f")))
    for paths in ([one, two], [two, one]):
        merged = [r.data.decode() for r in merge(paths, ["okx"], pytest.fail) if isinstance(r, Frame)]
        assert merged == ["a", "b", "c", "d", "e", "f"]


def test_an_unknown_exchange_is_left_out_with_one_warning(tmp_path: Path) -> None:
    odd = {"t_ns": 1, "venue": "mtgox", "conn": "c", "dir": "in", "text": "{}"}
    http = {"t_ns": 2, "venue": "mtgox", "http": "GET https://x", "status": 200, "text": ""}
    warnings: list[str] = []
    records = list(merge([write(tmp_path / "r.jsonl", text_of(odd, http, frame(3)))], ["okx"], warnings.append))
    assert [r.t_ns for r in records] == [3]
    assert len(warnings) == 1
    assert "mtgox" in warnings[0]


names = st.text("abc.0", min_size=1, max_size=5)
stamps = st.integers(0, T_MAX_NS - 1)
records = st.one_of(
    st.builds(Opened, stamps, names, names, st.text(max_size=20), st.booleans()),
    st.builds(Closed, stamps, names, names, st.text(max_size=20)),
    st.builds(Lost, stamps, st.integers(1, 10**9)),
    st.builds(Frame, stamps, names, names, st.sampled_from(["in", "out"]), st.text(max_size=30).map(str.encode)),
    st.builds(Frame, stamps, names, names, st.sampled_from(["in", "out"]), st.binary(max_size=30), st.just(True)),
    st.builds(
        Http, stamps, names, st.just("POST"), st.just("https://h/p"), st.binary(max_size=9), st.just(200), st.binary()
    ),
)


@given(records)
def test_what_is_written_is_what_is_read(record: Record) -> None:
    line = encode(record)
    assert line.count(b"\n") == 1
    assert decode(line) == record


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_a_bad_line(line: bytes) -> None:
    with contextlib.suppress(BadLine):
        decode(line)
