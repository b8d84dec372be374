"""Settings of alerts and of their messages."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from arbtui.config.section import Coins, Section

AlertName = Literal["signal", "spread", "funding", "venue", "level", "hedge"]


def _level(text: str) -> str:
    if not re.fullmatch(r"\s*[^\s<>]+\s*[<>]\s*(?=[0-9.]*[1-9])[0-9]+(\.[0-9]+)?\s*", text):
        raise ValueError('must be a coin, > or <, and a price in USDT, e.g. "BTC > 90000"')
    return text


AlertNames = Annotated[tuple[AlertName, ...], Strict(strict=False)]
LevelTexts = Annotated[tuple[Annotated[str, AfterValidator(_level)], ...], Strict(strict=False)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Strict(strict=False)]
_EVERY_ALERT: tuple[AlertName, ...] = ("signal", "spread", "funding", "venue", "level", "hedge")


class Alerts(Section):
    """What you are told of while you look elsewhere: signal, spread, funding, venue, level, hedge."""

    kinds: AlertNames = Field(
        default=_EVERY_ALERT, description="Which kinds there are at all; alarms of hedges are always told."
    )
    levels: LevelTexts = Field(
        default=(),
        description="Prices in USDT to be told of, once the median of a coin's fresh quotes reaches them (:alert).",
        examples=[["BTC > 90000", "ETH < 1800.5"]],
    )
    coins: Coins = Field(
        default=(),
        description="Whose spreads and funding rates are watched; empty = those of every coin.",
        examples=[["BTC", "ETH"]],
    )
    cooldown_s: float = Field(
        default=300.0,
        ge=0,
        le=86_400,
        description="The same is told again of the same subject only after this time.",
    )
    spread_z: float = Field(
        default=8.0,
        gt=0,
        le=1000,
        description="A coin's best net is an anomaly when it stands, for three seconds, so many robust standard "
        "deviations above its median of ten minutes.",
    )
    spread_jump_bps: float = Field(
        default=10.0, gt=0, le=10_000, description="It must also stand at least so many basis points above it."
    )
    funding_bps: float = Field(
        default=0.1,
        ge=0,
        le=1000,
        description="A funding rate has turned when it was at least this on one side of zero and now is on the other, "
        "in basis points an hour.",
    )
    venue_down_s: float = Field(
        default=10.0, ge=0, le=3600, description="A market of an exchange that is not usable for so long is down."
    )
    bell: AlertNames = Field(
        default=("signal", "venue", "level", "hedge"), description="Which of them ring the terminal's bell."
    )
    bell_gap_s: float = Field(default=5.0, ge=0, le=3600, description="The bell rings at most so often.")
    title: AlertNames = Field(
        default=_EVERY_ALERT,
        description="Which of them the title of the terminal's window tells, until the next key.",
    )


class Notify(Section):
    """Messages of alerts. Addresses with a token in them stand in credentials.toml: [notify] webhook_url, apprise."""

    kinds: AlertNames = Field(default=_EVERY_ALERT, description="Which alerts are sent.")
    command: Words = Field(
        default=(),
        description="Program to run for each message, with its arguments, never through a shell; the alert is a line "
        "of JSON on its standard input.",
        examples=[["/usr/local/bin/arbtui-alert", "--desk", "2"]],
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="So long a message may take; a program that takes longer is killed."
    )
    tries: int = Field(default=3, ge=1, le=10, description="How often a webhook that does not answer is tried.")
    per_minute: int = Field(
        default=20,
        ge=1,
        le=600,
        description="So many messages a minute a channel at most; what is beyond waits.",
    )
