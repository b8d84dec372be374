"""How lively the simulated world is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """``dislocations`` are venue prices that are off by ``off_bps`` for ``last_s`` seconds; so many are under way."""

    name: str
    volatility: float  # times a coin's own
    dislocations: int
    off_bps: tuple[float, float]
    last_s: tuple[float, float]
    pause_s: tuple[float, float]  # between one and the next in the same slot


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("default", 1.0, 4, (45.0, 90.0), (8.0, 20.0), (0.5, 4.0)),
        Scenario("calm", 0.4, 1, (35.0, 45.0), (6.0, 10.0), (40.0, 90.0)),
        Scenario("busy", 3.0, 16, (45.0, 160.0), (3.0, 12.0), (0.0, 1.0)),
        Scenario("still", 1.0, 0, (0.0, 0.0), (1.0, 1.0), (1.0, 1.0)),  # prices move, no edge anywhere
    )
}
