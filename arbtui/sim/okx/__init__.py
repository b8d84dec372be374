"""OKX as it answers and pushes: perpetual swaps and spot, API v5.

Written from OKX's own documents (docs-v5 as of July 2026: websocket overview, order book, tickers, mark price, index
tickers, funding rate and instruments channels, market and public data endpoints, error codes; the notices on checksum
deprecation of 2026-05-21 and on fee groups of 2025-11-03; trading and account endpoints, private channels, order
operations of the websocket) and from captures of its live hosts. What accounts are and do is ``sim.desk``'s; here it is
put into words. Not simulated: amending, algo orders, isolated margin and margin trading, ``expTime``, mass cancel, the
channel ``fills``. The keys of an account are taken in production and in demo trading alike. Of the public channels,
open interest, price limits, candles and books-rpi are not simulated; subscribing to them is refused with 60018.

A book that starts without its snapshot is had by muting the channel ``books`` with ``count`` 1 before subscribing, the
reset of ids that OKX announces for maintenance by ``seq_reset``.
"""

from arbtui.sim.okx.venue import Okx

__all__ = ["Okx"]
