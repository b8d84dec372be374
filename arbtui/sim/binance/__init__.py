"""Binance as it answers and pushes: USD-M futures and spot.

Written from Binance's own documents (USD-M futures and spot: general information, market data and trading endpoints,
websocket market and user data streams, WebSocket API, error codes; the "Important WebSocket Change Notice" of
2026-03-06) and from captures of its live hosts. What accounts are and do is ``sim.desk``'s; here it is put into words.
"""

from arbtui.sim.binance.venue import Binance

__all__ = ["Binance"]
