"""Bitget as it answers and pushes: USDT and USDC futures and spot, public API v2, with accounts of both kinds.

Written from Bitget's own documents (classic contract and spot pages on symbols, tickers, funding rates, depth and their
websocket channels, websocket connection page, best practices; as stored in 2026) and from public captures and probe
reports of September 2026 on what the wire really does. Where neither says how a refusal looks, this was chosen:

- **Too much.** An eleventh message within a second is answered 30007 and the socket closed; the 241st request of an
  hour, and the 1001st channel, are refused with 30006 and the socket stays; a frame above 4,096 bytes ends the socket
  without a word, as one with too many args does on the v3 socket.
- **Only a text ping keeps a socket alive.** Without one for 127 s it is cut, whatever else is said on it.
- **An announced end** shows in ``offTime`` of the instrument at once, and on a contract in ``limitOpenTime``: half-way
  to the end it turns ``limit_open``. There is no instruments channel; nothing is pushed.
- **``books``** now and then sends a delete of a level that nobody has, and about every ten minutes of busy trading a
  fresh snapshot. ``seq_reset`` shows as an update with ``pseq`` 0. No frame carries a checksum (gone since May 2026).
- **Two kinds of accounts.** The account ``classic`` has the v2 dialect, a futures and a spot wallet; all others are
  unified and have the v3 dialect. Each kind's keys are refused by the other's addresses (40084, 40085).

Not simulated: the public v3 dialect but for its list of instruments, candles and auctions (refused with 30016, as
an unknown channel is).
"""

from arbtui.sim.bitget.venue import Bitget

__all__ = ["Bitget"]
