"""The written policy of hedges: every figure that decides what happens to money, with its unit in its name.

An intent carries the policy that held when it was reviewed, so that a changed setting never changes a hedge under way,
and a restart decides as the process before it would have. Bands are in basis points of the price frozen at review.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Policy:
    """Defaults of all settings under ``hedge``."""

    # first orders
    take_band_bps: Decimal = Decimal(10)  # how far a first taker order may pay beyond the frozen price
    thinner_first: bool = False  # taker-taker: the leg with less at its top alone first, the other for what it filled
    max_price_age_ms: float = 2_000.0  # an order is priced by nothing older

    # maker-taker
    maker_band_bps: Decimal = Decimal(10)  # how far the resting price may follow the market, against us
    maker_drift_bps: Decimal = Decimal(10)  # how far the other leg may move against us while the maker rests
    maker_requotes: int = 30
    maker_requote_after_ms: int = 1_000  # an order rests at least so long before it is moved
    maker_check_s: float = 5.0  # an order that rests is asked about so often if nothing is heard of it
    maker_rest_s: float = 60.0  # then it is canceled, and what filled is the hedge

    # second leg missing
    rehedge_band_bps: Decimal = Decimal(20)
    rehedge_tries: int = 3
    rehedge_within_s: float = 3.0
    unwind_band_bps: Decimal = Decimal(100)
    unwind_tries: int = 5
    unwind_pause_ms: int = 250  # between two tries on the same leg
    stale_halt_s: float = 10.0  # so long without a price fit for the repair, and a person decides
    flatten_band_bps: Decimal = Decimal(100)

    # in doubt
    answer_s: float = 5.0  # an order without any word of the venue for so long is in doubt
    end_s: float = 2.0  # an order that cannot rest, taken and not reported ended, is in doubt
    cancel_answer_s: float = 3.0  # a cancel after which no end is reported leaves the order in doubt
    ask_every_ms: int = 1_000  # between two questions of the same kind
    reads_apart_s: float = 1.0  # two reads agree only if they lie so far apart
    doubt_alarm_s: float = 30.0
    doubt_halt_s: float = 120.0

    # what the venue does to a leg by itself (liquidation, ADL), or a person by hand
    on_leg_lost: Literal["halt", "rebalance"] = "halt"

    # the end of a run: as it is set then, whatever was set when a hedge was opened
    stop_within_s: float = 10.0


DEFAULT = Policy()
