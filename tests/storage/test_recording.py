"""Traffic to disk: the exact format, off the loop, and what happens when the disk does not want."""

from __future__ import annotations

import errno
import gzip
import io
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.errors import ConfigError
from arbtui.core.recorder import Recorder
from arbtui.storage.reading import merge
from arbtui.storage.recording import FileRecorder
from arbtui.storage.records import Frame, Lost, Opened

NOON = 1_700_000_000_000_000_000
DAY = 86_400_000_000_000


def lines(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.splitlines()]


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def a_session(recorder: Recorder) -> None:
    recorder.opened(NOON, "okx", "perp.public.0", "wss://ws.okx.com:8443/ws/v5/public")
    recorder.frame(NOON + 1, "okx", "perp.public.0", "out", '{"op":"subscribe"}')
    recorder.text_frame(NOON + 2, "okx", "perp.public.0", b'{"x":"\xe2\x82\xac \\" \\n"}')
    recorder.frame(NOON + 3, "okx", "perp.public.0", "in", b"\x00\xff")
    recorder.http(NOON + 4, "hyperliquid", "POST", "https://api.hyperliquid.xyz/info", b'{"type":"meta"}', 200, b"{}")
    recorder.http(NOON + 5, "okx", "GET", "https://www.okx.com/api/v5/public/time", b"", 503, b"<html>")
    recorder.closed(NOON + 6, "okx", "perp.public.0", "1006 cut")


EXPECTED = [
    {
        "t_ns": NOON,
        "venue": "okx",
        "conn": "perp.public.0",
        "event": "open",
        "url": "wss://ws.okx.com:8443/ws/v5/public",
    },
    {"t_ns": NOON + 1, "venue": "okx", "conn": "perp.public.0", "dir": "out", "text": '{"op":"subscribe"}'},
    {"t_ns": NOON + 2, "venue": "okx", "conn": "perp.public.0", "dir": "in", "text": '{"x":"€ \\" \\n"}'},
    {"t_ns": NOON + 3, "venue": "okx", "conn": "perp.public.0", "dir": "in", "base64": "AP8="},
    {
        "t_ns": NOON + 4,
        "venue": "hyperliquid",
        "http": "POST https://api.hyperliquid.xyz/info",
        "body": '{"type":"meta"}',
        "status": 200,
        "text": "{}",
    },
    {
        "t_ns": NOON + 5,
        "venue": "okx",
        "http": "GET https://www.okx.com/api/v5/public/time",
        "status": 503,
        "text": "<html>",
    },
    {"t_ns": NOON + 6, "venue": "okx", "conn": "perp.public.0", "event": "close", "reason": "1006 cut"},
]


@pytest.mark.parametrize("compress", [False, True])
def test_lines_are_exactly_as_the_format_says(tmp_path: Path, compress: bool) -> None:
    recorder = FileRecorder(tmp_path, compress=compress)
    a_session(recorder)
    assert recorder.close()
    (file,) = files(tmp_path)
    assert file.name.endswith(".jsonl.gz" if compress else ".jsonl")
    assert lines(file) == EXPECTED


def test_a_text_frame_that_is_no_utf8_is_kept_whole(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path, compress=False)
    recorder.text_frame(NOON, "okx", "c", b'{"a":"\xff"}')
    recorder.close()
    (frame,) = merge(files(tmp_path), ["okx"], pytest.fail)
    assert isinstance(frame, Frame)
    assert frame.data == b'{"a":"\xff"}'


def test_a_recorder_that_saw_nothing_leaves_no_file(tmp_path: Path) -> None:
    FileRecorder(tmp_path).close()
    assert files(tmp_path) == []


def test_two_recordings_of_the_same_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for _ in range(2):
        recorder = FileRecorder(tmp_path)
        recorder.opened(NOON, "okx", "c", "wss://x")
        recorder.close()
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("compress", [False, True])
def test_files_roll_by_size_and_each_names_the_open_connections(tmp_path: Path, compress: bool) -> None:
    recorder = FileRecorder(tmp_path, compress=compress, roll_bytes=100)
    recorder.opened(NOON, "okx", "c", "wss://x")
    recorder.opened(NOON, "okx", "gone", "wss://y")
    recorder.closed(NOON, "okx", "gone", "")
    noise = [random.Random(i).randbytes(2000).hex().encode() for i in range(400)]
    for i, text in enumerate(noise):
        recorder.text_frame(NOON + i, "okx", "c", text)
    assert recorder.close()
    assert len(files(tmp_path)) > 1
    last = lines(files(tmp_path)[-1])
    assert last[0] == {
        "t_ns": last[1]["t_ns"], "venue": "okx", "conn": "c", "event": "open", "url": "wss://x", "continued": True,
    }  # fmt: skip
    whole = list(merge(files(tmp_path), ["okx"], pytest.fail))
    assert [r.data for r in whole if isinstance(r, Frame)] == noise
    assert sum(isinstance(r, Opened) for r in whole) == 2
    alone = list(merge(files(tmp_path)[-1:], ["okx"], pytest.fail))
    assert sum(isinstance(r, Opened) for r in alone) == 1


def test_files_roll_at_midnight_utc_of_engine_time(tmp_path: Path) -> None:
    midnight = NOON - NOON % DAY + DAY
    recorder = FileRecorder(tmp_path, compress=False)
    recorder.text_frame(midnight - 1, "okx", "c", b"old")
    recorder.text_frame(midnight, "okx", "c", b"new")
    recorder.close()
    assert [[line["text"] for line in lines(file)] for file in files(tmp_path)] == [["old"], ["new"]]
    assert "T000000Z" in files(tmp_path)[1].name


class SlowDisk(io.BytesIO):
    """Takes nothing until told to."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Event()

    def write(self, data: Any) -> int:
        assert self.ready.wait(10)
        return super().write(data)

    def close(self) -> None:
        if not self.closed:
            self.kept = self.getvalue()
        super().close()


def test_what_a_slow_disk_cannot_take_is_counted_in_its_place(tmp_path: Path) -> None:
    disk = SlowDisk()
    recorder = FileRecorder(tmp_path, compress=False, max_pending_bytes=2000, open_file=lambda _: disk)
    for i in range(100):
        recorder.text_frame(NOON + i, "okx", "c", b"x" * 100)
    lost = recorder.lost_frames
    assert lost > 80
    disk.ready.set()
    assert recorder.close()
    got = [json.loads(line) for line in disk.kept.splitlines()]
    assert got[-1] == {"t_ns": got[-1]["t_ns"], "event": "lost", "frames": lost}
    assert len(got) - 1 + lost == 100


class FullDisk(io.BytesIO):
    def write(self, data: Any) -> int:
        if self.tell() > 500:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("compress", [False, True])
def test_a_full_disk_ends_the_recording_with_one_notice_and_no_error_to_the_feed(
    tmp_path: Path, compress: bool
) -> None:
    told: list[str] = []
    stopped = threading.Event()

    def on_stop(text: str) -> None:
        told.append(text)
        stopped.set()

    recorder = FileRecorder(
        tmp_path,
        compress=compress,
        open_file=lambda _: FullDisk(),
        on_stop=on_stop,
    )
    for i in range(20_000):
        recorder.text_frame(NOON + i, "okx", "c", str(i**9).encode() * 3)
    assert stopped.wait(10)
    recorder.text_frame(NOON, "okx", "c", b"after")
    assert recorder.close()
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert recorder.stopped == told[0]


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made for recordings"):
        FileRecorder(tmp_path / "file" / "folder")


def test_lost_lines_come_back_as_such(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"t_ns":5,"event":"lost","frames":3}\n')
    assert list(merge([file], [], pytest.fail)) == [Lost(5, 3)]
