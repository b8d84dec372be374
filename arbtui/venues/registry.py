"""The venues that there are. Each is imported only when asked for. A new venue adds one line."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import cast

from arbtui.core.errors import OurMistake
from arbtui.venues.base import Venue
from arbtui.venues.private import PrivateVenue

_CLASSES = {
    "binance": "arbtui.venues.binance:Binance",
    "okx": "arbtui.venues.okx:Okx",
    "bybit": "arbtui.venues.bybit:Bybit",
    "bitget": "arbtui.venues.bitget:Bitget",
    "hyperliquid": "arbtui.venues.hyperliquid:Hyperliquid",
}

_PRIVATE = {
    "binance": "arbtui.venues.binance.private:BinancePrivate",
    "okx": "arbtui.venues.okx.private:OkxPrivate",
    "hyperliquid": "arbtui.venues.hyperliquid.private:HyperliquidPrivate",
    "bybit": "arbtui.venues.bybit.private:BybitPrivate",
    "bitget": "arbtui.venues.bitget.private:BitgetPrivate",
}


def names() -> tuple[str, ...]:
    """All venues, in the order in which they are shown."""
    return tuple(_CLASSES)


@cache
def venue(name: str) -> Venue:
    """The codec of a venue, the same object each time. ``OurMistake`` for a name that is not there."""
    try:
        module, _, class_name = _CLASSES[name].partition(":")
    except KeyError:
        near = get_close_matches(name, _CLASSES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(_CLASSES)}."
        raise OurMistake(f"There is no venue {name!r}; {hint}") from None
    return cast(Venue, getattr(import_module(module), class_name)())


@cache
def private(name: str) -> PrivateVenue | None:
    """The private side of a venue; None where orders cannot be sent there yet."""
    if name not in _PRIVATE:
        return None
    module, _, class_name = _PRIVATE[name].partition(":")
    return cast(PrivateVenue, getattr(import_module(module), class_name)())


def tradable() -> tuple[str, ...]:
    """Venues with a private side."""
    return tuple(_PRIVATE)
