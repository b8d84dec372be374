"""Binance as it answers and pushes: USD-M futures and spot, public side.

Written from Binance's own documents (USD-M futures and spot: general information, market data endpoints, websocket
market streams; the "Important WebSocket Change Notice" of 2026-03-06) and from captures of its live hosts.
"""

from arbtui.sim.binance.venue import Binance

__all__ = ["Binance"]
