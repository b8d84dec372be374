"""Bybit as it answers and pushes: linear contracts and spot, API v5, with unified accounts.

Written from Bybit's own documents (docs/v5 as of 2026-07-24: websocket connect, orderbook and ticker topics, market
endpoints, rate limit rules, error codes, enums) and from frames and measurements of its live hosts of 2026 (shapes of
acknowledgements, what a bad topic does to a request, ``args size >10``).

- **Two ids in a book.** ``seq`` is the matching engine's, one series for all depths of a symbol, rising by more than
  one; it is the truth's ``seq``. ``u`` counts the frames of one symbol and depth, by one. The truth answers ``?seq=``
  by both: they never overlap, but for the small ids after a restart, where the deeper streams come first.
- **Restarts.** Now and then (``tables.RESTART_EVERY_S``) the service of a symbol restarts: the next frame of each of
  its books is a snapshot with ``u`` 1. The fault ``seq_reset`` makes one happen; ``seq`` goes on.
- **No word for a halt.** There are four statuses and spot has ``Trading`` alone. A halted contract is ``Closed`` while
  that lasts, a halted pair is not listed; the topics stay, the book stands still, and ``orderbook.1`` repeats it.
- **A coming end** shows as ``deliveryTime`` of a contract, as ``stTag`` of a pair, and is pushed nowhere.

Trades, candles, price limits, liquidations, ``orderbook.rpi`` and ``orderbook.full`` are not simulated: subscribing to
them is refused as an unknown topic is. Inverse contracts are listed and have tickers by REST, options have no rows;
neither has a socket here. Orders travel by REST and by the trade socket; batches and amending are not found.
"""

from arbtui.sim.bybit.venue import Bybit

__all__ = ["Bybit"]
