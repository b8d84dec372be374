"""What taking or making costs on each instrument, and who says so.

The most specific word wins: the person's ``fees.<venue>.<market>.taker_bps`` (their tier), then a rate that the venue
lists for the instrument, then the venue's default for new accounts. Rates are fractions; a rebate is negative.
"""

from __future__ import annotations

from typing import NamedTuple

from arbtui.core.model import Instrument
from arbtui.market.terms import MarketRules, VenueTerms


class Fee(NamedTuple):
    rate: float
    source: str  # "default", "venue listing", "config fees.okx.perp.taker_bps"


def taker(instrument: Instrument, terms: VenueTerms, rules: MarketRules) -> Fee:
    return _fee(instrument, "taker", instrument.taker_rate, terms.taker_rate, rules)


def maker(instrument: Instrument, terms: VenueTerms, rules: MarketRules) -> Fee:
    return _fee(instrument, "maker", instrument.maker_rate, terms.maker_rate, rules)


def _fee(instrument: Instrument, kind: str, listed: float | None, default: float, rules: MarketRules) -> Fee:
    own_bps = rules.fee_bps.get((instrument.venue, instrument.market, kind))
    if own_bps is not None:
        return Fee(own_bps / 1e4, f"config fees.{instrument.venue}.{instrument.market.value}.{kind}_bps")
    if listed is not None:
        return Fee(listed, "venue listing")
    return Fee(default, "default")
