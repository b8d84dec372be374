"""What every section of the settings is made with: strict, closed, never changed. And coins, which many name."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict


def _coin(text: str) -> str:
    if not re.fullmatch(r"\S+", text):
        raise ValueError("must be a coin such as BTC")
    return text


MOST_USD = 1e9  # a larger amount is a slip of the hand: limits have a word for none
Coin = Annotated[str, AfterValidator(_coin)]
Coins = Annotated[tuple[Coin, ...], Strict(strict=False)]


class Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
