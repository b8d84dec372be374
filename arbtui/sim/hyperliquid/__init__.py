"""Hyperliquid as it answers and pushes: perps, spot, builder dexes that fill its lists.

Written from Hyperliquid's own documents (API pages on the info endpoint, websocket subscriptions, post requests, rate
limits, tick and lot size, contract specifications; as of November 2026) and from public probe reports of September 2026
on what the wire really does: how slow each feed is, what closes a socket, how bad input is answered.

- **Books are known by block time.** There is no update id: ``time`` is the time of the world's last step, and the truth
  answers ``?seq=`` by it. Every ``l2Book`` frame is the whole book.
- **State is late.** Data frames leave ``tables.STATE_LAG_MS`` after what they show, and ``exchangeStatus`` trails as
  much; acknowledgements and pongs do not.
- **No word for a halt or a coming end.** A halted instrument shows an empty book, as after a deployer's halt; a
  delisting is announced nowhere on the API and shows as ``isDelisted`` once it has happened.

- **Accounts are addresses.** Whoever knows one may read it; what is done is signed by its own key or by an agent's
  (``signed``). Perps and spot have a wallet each (``userAbstraction`` "disabled"), margin is cross.
- **A client id is unique among open orders only.** No document says more; a simulator that refused every repetition
  would hide from a client that it sent an order twice.

Candles, triggers, vaults, isolated margin and orders on builder dexes are not simulated: asking for them is answered as
an unknown type is, or refused in words of our own.
"""

from arbtui.sim.hyperliquid.venue import Hyperliquid

__all__ = ["Hyperliquid"]
