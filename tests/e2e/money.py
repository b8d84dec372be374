"""Orders on real processes: the simulator's accounts, a driven arbtui beside it, and what must be true of money.

Everything is held against the simulator's truth; what arbtui says of itself is only asked where a person would read it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from arbtui.config.paths import Paths
from arbtui.storage import journal
from tests.e2e.harness import Sim, homes

BINANCE, OKX = "binance.perp.BTCUSDT", "okx.perp.BTC-USDT-SWAP"
BINANCE_SPOT, OKX_SPOT = "binance.spot.BTCUSDT", "okx.spot.BTC-USDT"
PERP = {
    "binance": BINANCE,
    "okx": OKX,
    "bybit": "bybit.perp.BTCUSDT",
    "bitget": "bitget.perp.BTCUSDT",
    "hyperliquid": "hyperliquid.perp.BTC",
}
CLASSIC = "bitget classic"  # that venue, by its account of the older kind
Pair = tuple[str, str]  # venues of the first and of the second leg
FIRST: Pair = ("binance", "okx")
OPEN_STATES = {"hedged", "halted"}
ENDED = {"done", "flat"}
REST = OPEN_STATES | ENDED
_SETTINGS = {
    "MARKET__SYMBOLS": '["BTC", "ETH"]',
    "LIMITS__AGAIN_AFTER_S": "0",
    "LIMITS__OPEN_HEDGES": '"off"',
    "LIMITS__LOSING_IN_ROW": '"off"',
    "LIMITS__REJECTED_IN_ROW": '"off"',
    "LIMITS__DAY_USD": '"off"',
    "LIMITS__DAY_LOSS_USD": '"off"',
    "LIMITS__COIN_USD": '"off"',
    "LIMITS__VENUE_USD": '"off"',
    "HEDGE__TAKE_BAND_BPS": "30",
    "HEDGE__REHEDGE_BAND_BPS": "60",
    "HEDGE__MAKER_REST_S": "8",
}
START_WITHIN_S = 60.0  # of a process, on a machine that has much to do
ANSWER_WITHIN_S = 10.0
VENUES = FIRST
ALL_VENUES = ("binance", "okx", "bybit", "bitget", "hyperliquid")


def exchanges(*more: str, venues: tuple[str, ...] = VENUES) -> Sim:
    """Prices that move, and no edge anywhere: what a hedge costs is known beforehand."""
    named = ("--venues", ",".join(venue_of(name) for name in venues))
    sim = Sim("--seed", "7", "--symbols", "3", "--rate", str(200 * len(venues)), "--scenario", "still", *named, *more)
    if CLASSIC in venues:
        sim.chosen["bitget"] = "classic"
    if "bitget" in venues:  # which tells none before somebody has set it
        sim.post("/_sim/accounts", {"venue": "bitget", "leverage": {"BTCUSDT": 20}})
    return sim


def venue_of(name: str) -> str:
    return "bitget" if name == CLASSIC else name


def perps_of(pair: Pair) -> tuple[str, str]:
    first, second = (PERP[venue_of(name)] for name in pair)
    return first, second


class Driven:
    """``tests.e2e.driver`` in a process of its own."""

    def __init__(
        self,
        home: Path,
        sim: Sim,
        *arguments: str,
        accounts: bool = True,
        wait: bool = True,
        legs: tuple[str, ...] = (BINANCE, OKX),
        venues: tuple[str, ...] = VENUES,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.home, self.sim, self.legs = home, sim, legs
        used = {venue_of(name) for name in venues}
        settings = {f"ARBTUI_VENUES__{name.upper()}__ENABLED": str(name in used).lower() for name in ALL_VENUES}
        settings |= {f"ARBTUI_{name}": value for name, value in _SETTINGS.items()}
        keys = keys_of(sim) if accounts else {}
        command = [
            sys.executable, "-m", "tests.e2e.driver", "--gateway", sim.url,
            *(("--accounts",) if accounts else ()), *arguments,
        ]  # fmt: skip
        self.process = self._start(command, homes(home) | settings | keys | (environ or {}))
        self.mode = "simulated" if accounts else "paper-gateway"
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._patience_s = START_WITHIN_S  # until its first answer
        self._talk: list[str] = []
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._read_talk)]
        for reader in self._readers:
            reader.start()
        if wait:
            self.until_ready(legs)

    def _start(self, command: list[str], environ: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, text=True
        )

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _read_talk(self) -> None:
        assert self.process.stderr is not None
        self._talk.extend(self.process.stderr)

    @property
    def talk(self) -> str:
        """What was said on stderr so far."""
        return "".join(self._talk)

    @property
    def journal_path(self) -> Path:
        data = Path(homes(self.home)["XDG_DATA_HOME"]) / "arbtui"
        return Paths(data, data, data, data, data).data(self.mode) / "journal.sqlite3"

    def journaled(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, body) of all that stands on disk, in order."""
        return [(entry.kind, json.loads(entry.body)) for entry in journal.read(self.journal_path)]

    # ---- commands

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        answer = self.try_to_ask(do, **more)
        if answer is None:
            raise AssertionError(f"arbtui ended with {self.process.wait(5)}: {self.talk[-3000:]}")
        assert "error" not in answer, answer["traceback"]
        return answer

    def try_to_ask(self, do: str, **more: Any) -> dict[str, Any] | None:
        """None where the process has ended."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        try:
            answer = self._answers.get(timeout=self._patience_s)
        except queue.Empty:
            raise AssertionError(f"no answer to {do}; said: {self.talk[-3000:]}") from None
        self._patience_s = ANSWER_WITHIN_S
        return answer

    def state(self) -> dict[str, Any]:
        return self.ask("state")

    def hedge(self, hedge: str) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["hedges"][hedge]
        return found

    def preview(self, **ticket: Any) -> dict[str, Any]:
        """Of the first two legs that it was started for, unless told otherwise."""
        return self.ask("preview", **{"base": "BTC", "usd": "500", "buy": self.legs[0], "sell": self.legs[1], **ticket})

    def until_ready(self, legs: tuple[str, ...], within_s: float = START_WITHIN_S) -> None:
        """Until nothing but arming, and what is open already, keeps a hedge on these legs from being opened."""
        wanted = [{"buy": legs[0], "sell": leg} for leg in legs[1:]]

        def ready() -> str:
            answers = [self.try_to_ask("preview", base="BTC", usd="500", **pair) for pair in wanted]
            if any(answer is None for answer in answers):
                raise AssertionError(f"arbtui ended with {self.process.wait(5)}: {self.talk[-3000:]}")
            return "; ".join(
                f"{answer.get('error') or answer['refused']}"
                for answer in answers
                if answer and ("error" in answer or only(answer) - {"armed", "limits"} or "hedge" not in answer)
            )

        until(lambda: not ready(), within_s, ready)

    def armed(self) -> Driven:
        """What its keys may do may still be being asked."""
        until(lambda: self.ask("arm")["accepted"], START_WITHIN_S, lambda: self.ask("arm"))
        return self

    def fire(self, **ticket: Any) -> str:
        """Preview and fire; the hedge's id."""
        deadline_s = time.monotonic() + 5.0
        while (preview := self.preview(**ticket))["refused"] and time.monotonic() < deadline_s:
            time.sleep(0.05)  # a price is between two updates
        assert not preview["refused"], preview["refused"]
        answer = self.try_to_ask("fire", hedge=preview["hedge"])
        assert answer is None or answer["accepted"], answer
        return str(preview["hedge"])

    def until_state(self, hedge: str, *states: str, within_s: float = 10.0) -> dict[str, Any]:
        return self.until_hedge(hedge, lambda found: found["state"] in states, within_s)

    def until_hedge(
        self, hedge: str, wanted: Callable[[dict[str, Any]], bool], within_s: float = 10.0
    ) -> dict[str, Any]:
        found: dict[str, Any] = until(
            lambda: found if wanted(found := self.hedge(hedge)) else None,
            within_s,
            lambda: (self.hedge(hedge), self.state()["said"][-15:]),
        )
        return found

    def until_said(
        self, words: str, within_s: float = 10.0, *, alarm: bool | None = None, hedge: str | None = None
    ) -> str:
        """The sentence that a person was told (of this hedge)."""

        def told() -> str | None:
            for of, text, loud in self.state()["said"]:
                if words in text and alarm in (None, loud) and hedge in (None, of):
                    return str(text)
            return None

        return str(until(told, within_s, lambda: self.state()["said"][-15:]))

    def flatten(self, *hedges: str) -> None:
        """Close what is open, as a person would."""
        for hedge in hedges:
            found = self.until_state(hedge, *REST, within_s=30)
            if found["state"] in ENDED:
                continue
            self.fire(hedge=hedge, verb="flatten")
            self.until_state(hedge, *ENDED)

    # ---- the end

    def end(self, number: int | None = None, within_s: float = 20.0) -> int:
        """By a signal, or (None) by closing its stdin; the exit code."""
        if self.process.poll() is None:
            if number is None:
                assert self.process.stdin is not None
                self.process.stdin.close()
            else:
                self.process.send_signal(number)
        return self.ended(within_s)

    def ended(self, within_s: float = 20.0) -> int:
        """Wait for an end of its own."""
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
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@contextlib.contextmanager
def driven(home: Path, sim: Sim, *arguments: str, **more: Any) -> Iterator[Driven]:
    process = Driven.__new__(Driven)
    try:
        Driven.__init__(process, home, sim, *arguments, **more)
        yield process
    finally:
        process.close()


def only(preview: dict[str, Any]) -> set[str]:
    """Names of the checks that failed."""
    return {name.partition(":")[2] for name, (ok, _) in preview["checks"].items() if not ok}


def until(found: Callable[[], Any], within_s: float, why: Callable[[], object] = lambda: "") -> Any:
    """Look again and again until something is found."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {why()}")


def keys_of(sim: Sim) -> dict[str, str]:
    """As variables of the environment."""
    return {
        f"ARBTUI_{venue}_{name}".upper(): value
        for venue, accounts in sim.get("/_sim/accounts").items()
        for name, value in accounts[sim.account(venue)].items()
    }


# ---- what is true


@dataclass
class Truth:
    """The accounts that are traded with as the simulator knows them; client ids as arbtui chose them."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    markets: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, sim: Sim, base: str = "BTC") -> Truth:
        told = sim.get(f"/_sim/truth?symbol={base}&depth=1")
        found = {venue: accounts[sim.account(venue)] for venue, accounts in told["accounts"].items()}
        for account in found.values():
            for row in (*account["orders"], *account["fills"]):
                row["client_id"] = chosen_id(row["client_id"])
        return cls(found, told["venues"])

    def orders(self, hedge: str) -> list[dict[str, Any]]:
        """Every order that a hedge ever sent, refused ones among them, in order of arrival."""
        found = [
            order | {"venue": venue}
            for venue, account in self.accounts.items()
            for order in account["orders"]
            if order["client_id"] and order["client_id"].startswith(f"ab{hedge}")
        ]
        return sorted(found, key=lambda order: int(order["t_ns"]))

    def fills(self, hedge: str) -> list[dict[str, Any]]:
        found = [
            fill | {"venue": venue}
            for venue, account in self.accounts.items()
            for fill in account["fills"]
            if fill["client_id"] and fill["client_id"].startswith(f"ab{hedge}")
        ]
        return sorted(found, key=lambda fill: int(fill["t_ns"]))

    def coins(self, hedge: str) -> list[Decimal]:
        """What each leg of the hedge holds by its fills, in coins; fees taken in the coin are deducted."""
        held = [Decimal(0), Decimal(0)]
        for fill in self.fills(hedge):
            row = self.markets[fill["venue"]][fill["market"]][fill["native"]]
            sign = 1 if fill["side"] == "buy" else -1
            leg = int(fill["client_id"][13])
            held[leg] += sign * Decimal(fill["qty"]) * Decimal(row["multiplier"])
            if fill["fee_ccy"] == row["base"]:
                held[leg] -= Decimal(fill["fee"])
        return held

    def too_little(self, hedge: str) -> Decimal:
        """The most coins of which neither leg's venue would take an order: what may be left between legs."""
        least: list[Decimal] = []
        finest = Decimal(1)
        for order in self.orders(hedge):
            row = self.markets[order["venue"]][order["market"]][order["native"]]
            step = Decimal(row["step"]) * Decimal(row["multiplier"])
            worth = step * Decimal(row["bids"][0][0]) / Decimal(row["price_factor"])
            steps = max(
                Decimal(row["min_qty"]) / Decimal(row["step"]), Decimal(row["min_notional"]) / worth, Decimal(1)
            )
            least.append(steps.to_integral_value(ROUND_CEILING) * step)
            finest = min(finest, step)
        return min(least) - finest

    def position(self, venue: str, native: str) -> Decimal:
        """Signed, wire."""
        return sum((Decimal(p["qty"]) for p in self.accounts[venue]["positions"] if p["native"] == native), Decimal(0))

    def fees(self, hedge: str) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for fill in self.fills(hedge):
            sums[fill["fee_ccy"]] = sums.get(fill["fee_ccy"], Decimal(0)) + Decimal(fill["fee"])
        return sums


def chosen_id(client_id: str | None) -> str | None:
    """Hyperliquid's 16 bytes as the 1 to 20 letters and digits from which they were made: numbers 1 to 62 to the base
    of 62, behind a byte that marks them.
    """
    if client_id is None or not client_id.startswith("0xa7"):
        return client_id
    number, letters = int(client_id[4:], 16), ""
    while number:
        digit = number % 62 or 62
        letters = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit - 1] + letters
        number = (number - digit) // 62
    return letters


def nothing_twice_and_nothing_lost(truth: Truth, arbtui: Driven, hedge: str, *, on_disk: bool = True) -> None:
    """No name reached a venue twice; no fill and no order that the venue has is unknown; nothing filled too much."""
    orders = truth.orders(hedge)
    taken = [order["client_id"] for order in orders if order["status"] != "rejected"]
    assert len(taken) == len(set(taken)), f"sent twice: {taken}"
    told = arbtui.hedge(hedge)["orders"]
    assert {order["client_id"] for order in orders} <= set(told), "an order is unknown"
    for order in orders:
        if order["status"] != "rejected":
            assert Decimal(told[order["client_id"]]["filled"]) == Decimal(order["filled"]), order
            assert Decimal(order["filled"]) <= Decimal(order["qty"])
    assert all(order["status"] != "open" for order in orders), f"something rests: {orders}"
    intended = next(
        body["intent"] for kind, body in arbtui.journaled() if kind == "intent" and body["intent"]["hedge"] == hedge
    )
    for held, qty, leg in zip(truth.coins(hedge), intended["qty"], intended["legs"], strict=True):
        assert abs(held) <= Decimal(qty) * Decimal(leg["terms"]["multiplier"]), "more is held than was intended"
    written = {body["order"]["client_id"] for kind, body in arbtui.journaled() if kind == "order"}
    assert not on_disk or {order["client_id"] for order in orders} <= written, "sent and not journaled"


def hedged_or_flat(truth: Truth, hedge: str, dust: Decimal = Decimal(0)) -> None:
    a, b = truth.coins(hedge)
    assert abs(a + b) <= dust, f"legs are apart by {a + b}: {[a, b]}"


_numbers = itertools.count()


def home_in(folder: Path) -> Path:
    """Fresh folders of a person."""
    home = folder / f"home{next(_numbers)}"
    home.mkdir()
    return home
