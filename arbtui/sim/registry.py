"""Which venues can be simulated. One line each; a name stands here only once its file does."""

from __future__ import annotations

from importlib import import_module

from arbtui.sim.base import SimVenue

_CLASSES = {
    "binance": "arbtui.sim.binance:Binance",
    "okx": "arbtui.sim.okx:Okx",
    "bybit": "arbtui.sim.bybit:Bybit",
    "bitget": "arbtui.sim.bitget:Bitget",
    "hyperliquid": "arbtui.sim.hyperliquid:Hyperliquid",
}

NAMES: tuple[str, ...] = tuple(_CLASSES)


def load(name: str) -> type[SimVenue]:
    """The class of the venue called ``name``; only what is asked for is imported."""
    module, _, attribute = _CLASSES[name].partition(":")
    found = getattr(import_module(module), attribute)
    if not (isinstance(found, type) and issubclass(found, SimVenue)):
        raise TypeError(f"{_CLASSES[name]} is no simulated venue")
    return found
