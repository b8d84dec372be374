"""Many seeds from the command line: ``python -m tests.execution.simulation --episodes 100000 [--first N] [--jobs N]``.

A seed that breaks a rule is run again and tells its story line by line.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain

from tests.execution.simulation.world import World

_CHUNK = 250


def story(seed: int) -> str:
    """What happened in one seed."""
    world = World(seed, story=True)
    world.run()
    assert world.story is not None
    return "\n".join([f"seed {seed}", *world.story])


def failures(seeds: range) -> list[int]:
    return [seed for seed in seeds if World(seed).run()]


def chunks(first: int, episodes: int) -> Iterator[range]:
    for begin in range(first, first + episodes, _CHUNK):
        yield range(begin, min(begin + _CHUNK, first + episodes))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.execution.simulation")
    parser.add_argument("--episodes", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="tell one seed's story")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    say = partial(print, file=sys.stdout, flush=True)
    if args.seed is not None:
        say(story(args.seed))
        return 0
    with ProcessPoolExecutor(args.jobs) as pool:
        bad = list(chain.from_iterable(pool.map(failures, chunks(args.first, args.episodes))))
    for seed in bad[:3]:
        say(story(seed))
    say(f"{args.episodes} episodes from seed {args.first}: {len(bad)} broke a rule {bad[:40]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
