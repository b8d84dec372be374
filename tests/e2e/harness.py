"""Real processes: the simulator, arbtui beside it, what it prints, and the truth to hold against it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

Line = dict[str, Any]
START_WITHIN_S = 30.0


def homes(folder: Path) -> dict[str, str]:
    """The environment of a person whose folders are all in ``folder``."""
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    return os.environ | {name: str(folder / name.lower()) for name in names}


class Sim:
    """The simulator in a process of its own, and its control side."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "arbtui.sim", "--until-stdin-closes", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.url: str = json.loads(self.process.stdout.readline())["url"]
        self.chosen: dict[str, str] = {}  # by venue: the account that is traded with, where it is not the main one

    def account(self, venue: str) -> str:
        return self.chosen.get(venue, "main")

    def get(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, body: object) -> Any:
        with urlopen(Request(self.url + path, json.dumps(body).encode(), method="POST"), timeout=10) as answer:
            return json.load(answer)

    def fault(self, name: str, **filters: object) -> str:
        """Switch a fault on; its id."""
        return str(self.post("/_sim/faults", {"fault": name, **filters})["id"])

    def delete(self, path: str) -> None:
        urlopen(Request(self.url + path, method="DELETE"), timeout=10).close()

    def heal(self) -> None:
        """All faults off."""
        self.delete("/_sim/faults")

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Arbtui:
    """arbtui as a person starts it, with folders of its own; its lines come as they are printed."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "arbtui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=homes(home),
            text=True,
        )
        self.lines: list[Line] = []
        self._fresh: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._talk: list[str] = []
        self._readers = [threading.Thread(target=self._read_lines), threading.Thread(target=self._read_talk)]
        for reader in self._readers:
            reader.start()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if not text.endswith("\n"):
                break  # the process was killed in the middle of a line
            self._fresh.put(json.loads(text))
        self._fresh.put(None)

    def _read_talk(self) -> None:
        assert self.process.stderr is not None
        self._talk.extend(self.process.stderr)

    @property
    def talk(self) -> str:
        """What was said on stderr so far."""
        return "".join(self._talk)

    def watch(self, seconds: float) -> list[Line]:
        """The lines of the next ``seconds``."""
        start, until_s = len(self.lines), time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                line = self._fresh.get(timeout=left_s)
            except queue.Empty:
                break
            if line is None:
                break
            self.lines.append(line)
        return self.lines[start:]

    def until(self, wanted: Callable[[Line], bool], within_s: float) -> Line:
        """The next line that is wanted; fails the test, with what was said, where none comes in time."""
        until_s = time.monotonic() + within_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                line = self._fresh.get(timeout=left_s)
            except queue.Empty:
                break
            if line is None:
                raise AssertionError(f"arbtui ended with {self.process.wait()}: {self.talk[-2000:]}")
            self.lines.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"nothing of the kind came within {within_s} s; said: {self.talk[-2000:]}")

    def until_live(self, *venues: str, within_s: float = START_WITHIN_S) -> None:
        """Until both markets of each venue are live in ``status`` lines."""
        missing = {(venue, market) for venue in venues for market in ("spot", "perp")}

        def all_live(line: Line) -> bool:
            if line["type"] == "status" and line["state"] == "live":
                missing.discard((line["venue"], line["market"]))
            return not missing

        self.until(all_live, within_s)

    def end(self, number: int = signal.SIGINT, within_s: float = 15.0) -> int:
        """Send a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(within_s)
        for reader in self._readers:
            reader.join(5)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@contextlib.contextmanager
def simulated(*arguments: str) -> Iterator[Sim]:
    sim = Sim(*arguments)
    try:
        yield sim
    finally:
        sim.close()


@contextlib.contextmanager
def running(home: Path, *arguments: str) -> Iterator[Arbtui]:
    arbtui = Arbtui(home, *arguments)
    try:
        yield arbtui
    finally:
        arbtui.close()


@contextlib.contextmanager
def beside(
    home: Path, *arguments: str, sim: tuple[str, ...] = ("--seed", "7", "--symbols", "60")
) -> Iterator[tuple[Sim, Arbtui]]:
    """A simulator and arbtui, headless, on it."""
    with simulated(*sim) as exchanges, running(home, "--gateway", exchanges.url, "--no-ui", *arguments) as arbtui:
        yield exchanges, arbtui


def is_status(line: Line, venue: str, market: str, *states: str) -> bool:
    return (
        line["type"] == "status"
        and (line["venue"], line["market"]) == (venue, market)
        and (not states or line["state"] in states)
    )
