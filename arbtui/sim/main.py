"""Runs the simulator: ``arbtui sim``, ``python -m arbtui.sim``, or ``serve`` inside another loop.

Prints one line of JSON when ready, ``{"type":"sim","url":"http://127.0.0.1:PORT",...}``, and ends on SIGTERM, SIGINT,
or when whoever started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from arbtui.sim import registry
from arbtui.sim.hub import Hub
from arbtui.sim.scenario import SCENARIOS
from arbtui.sim.server import Server

DEFAULT_COINS = 200
MAX_COINS = 1000
DEFAULT_RATE = 2000.0
_PARENT_CHECK_S = 0.25
_PR_SET_PDEATHSIG = 1


def make_hub(*, seed: int, venues: Sequence[str], symbols: int, rate: float, scenario: str) -> Hub:
    """A world with its venues, not yet served."""
    return Hub(
        seed=seed,
        coins=symbols,
        rate=rate,
        scenario=SCENARIOS[scenario],
        venues={name: registry.load(name) for name in venues or registry.NAMES},
    )


async def serve(
    *,
    port: int = 0,
    seed: int = 1,
    venues: Sequence[str] = (),
    symbols: int = DEFAULT_COINS,
    rate: float = DEFAULT_RATE,
    scenario: str = "default",
    host: str = "127.0.0.1",
    on_ready: Callable[[Server], None] = lambda server: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until ``stop`` is set or the task is cancelled. No ``venues`` = all; ``on_ready`` gets the server."""
    hub = make_hub(seed=seed, venues=venues, symbols=symbols, rate=rate, scenario=scenario)
    async with Server(hub, host=host, port=port) as server:
        on_ready(server)
        await (stop or asyncio.Event()).wait()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``arbtui sim``."""
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same truth")
    parser.add_argument("--venues", type=_venues, default=(), metavar="A,B", help=f"of: {', '.join(registry.NAMES)}")
    parser.add_argument("--symbols", type=_coins, default=DEFAULT_COINS, metavar="N", help=f"coins, 1..{MAX_COINS}")
    parser.add_argument(
        "--rate", type=_rate, default=DEFAULT_RATE, metavar="N", help="book changes a second over all streams"
    )
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="default")
    parser.add_argument(
        "--parent-pid", type=int, metavar="PID", help="end when this process, which started it, is gone"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input is closed")


def run(args: argparse.Namespace) -> int:
    """Run until told to end; the exit code."""
    if args.parent_pid is not None:
        _die_with_parent()
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    if args.until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _read_stdin, loop, stop)
    if args.parent_pid is not None:
        _watch_parent(loop, args.parent_pid, stop)
    try:
        await serve(
            port=args.port,
            seed=args.seed,
            venues=args.venues,
            symbols=args.symbols,
            rate=args.rate,
            scenario=args.scenario,
            on_ready=lambda server: _announce(server, args),
            stop=stop,
        )
    except OSError as error:
        sys.stderr.write(f"arbtui sim: cannot listen on port {args.port}: {error.strerror}; choose another --port\n")
        return 2
    return 0


def _announce(server: Server, args: argparse.Namespace) -> None:
    line: dict[str, Any] = {
        "type": "sim",
        "t_ns": server.hub.now_ns(),
        "url": server.url,
        "pid": os.getpid(),
        "seed": args.seed,
        "venues": list(server.hub.venues),
        "coins": len(server.hub.world.coins),
        "instruments": len(server.hub.world.listings),
        "rate": args.rate,
        "scenario": args.scenario,
    }
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def _read_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Standard input is only there to be closed by whoever holds its other end, by will or by death."""
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()


def _watch_parent(loop: asyncio.AbstractEventLoop, pid: int, stop: asyncio.Event) -> None:
    """Look every so often whether the parent is still the one that started us."""
    if os.getppid() != pid:
        stop.set()
    else:
        loop.call_later(_PARENT_CHECK_S, _watch_parent, loop, pid, stop)


def _die_with_parent() -> None:
    """Ask Linux to end this process with its parent, even one killed by SIGKILL. Elsewhere the watch must do."""
    if sys.platform != "linux":
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        sys.stderr.write("arbtui sim: the kernel will not tell of the parent's end; it is looked for instead\n")


def _venues(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in registry.NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} cannot be simulated; there are: {', '.join(registry.NAMES)}")
    return names


def _coins(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_COINS:
        raise argparse.ArgumentTypeError(f"a number of coins from 1 to {MAX_COINS}, not {text!r}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 100_000:
        raise argparse.ArgumentTypeError(f"messages a second from 0 to 100000, not {text!r}")
    return rate
