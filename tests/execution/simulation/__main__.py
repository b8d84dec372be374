"""Many seeds from the command line: ``python -m tests.execution.simulation --episodes 100000 [--first N] [--jobs N]``.

A seed that breaks a rule is run again and tells its story line by line. ``--whole`` plays each episode to its last
second, also where nothing can happen any more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.execution.simulation.world import World

_CHUNK = 250
_STORIES = 3  # more of them help nobody


def story(seed: int) -> str:
    """What happened in one seed."""
    world = World(seed, story=True)
    world.run()
    assert world.story is not None
    return "\n".join([f"seed {seed}", *world.story])


def failures(seeds: range, *, whole: bool = False) -> list[int]:
    return [seed for seed in seeds if World(seed, whole=whole).run()]


def chunks(first: int, episodes: int) -> Iterator[range]:
    for begin in range(first, first + episodes, _CHUNK):
        yield range(begin, min(begin + _CHUNK, first + episodes))


def _results(seeds: list[range], jobs: int, *, whole: bool) -> Iterator[list[int]]:
    """Of each chunk, in order, as soon as it is known."""
    if jobs == 1:
        yield from (failures(chunk, whole=whole) for chunk in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(failures, whole=whole), seeds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.execution.simulation")
    parser.add_argument("--episodes", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="tell one seed's story")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="play each episode to its last second")
    args = parser.parse_args()
    say = partial(print, file=sys.stdout, flush=True)
    if args.seed is not None:
        say(story(args.seed))
        return 0
    seeds = list(chunks(args.first, args.episodes))
    bad: list[int] = []
    for number, found in enumerate(_results(seeds, args.jobs, whole=args.whole), 1):
        for seed in found[: max(0, _STORIES - len(bad))]:
            say(story(seed))
        bad += found
        if found or number % 40 == 0 or number == len(seeds):
            done = seeds[number - 1].stop - args.first
            say(f"{done} episodes from seed {args.first}: {len(bad)} broke a rule {bad[:40]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
