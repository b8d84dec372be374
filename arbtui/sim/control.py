"""The control side of the simulator, under ``/_sim``: the truth, faults, instruments.

    GET    /_sim/truth?venue=&market=&symbol=&depth=     everything true now; symbol = native or base; depth = levels
                                                         a side. All of it is some 30 MB in a big world: do filter
    GET    /_sim/truth?venue=&symbol=&seq=               the book at the venue's wire id ``seq`` (while it is kept: some
                                                         2,000 changes back, from the first book subscription on)
    GET    /_sim/faults                                  faults under way;  ?help  the kinds and their parameters
    POST   /_sim/faults   {"fault", "venue", "market"?, "symbol"?, "channel"?, "count"?, "seconds"?, "value"?,
                           "reason"?} -> {"id"}
    DELETE /_sim/faults[/id]                             all, or one
    POST   /_sim/instruments   {"action": "list"|"halt"|"resume"|"delist", "venue"?, "market"?, "symbol"?, "base"?,
                                "price"?, "seconds"?}
    GET    /_sim/accounts      {venue: {account: {"api_key", "api_secret", "passphrase"?}}} of venues that take orders;
                               {"private_key", "address"} where a wallet signs (the key is an agent's of the address)
    POST   /_sim/accounts      {"venue", "account"? ("main"; another name makes another account), "balances"?: {wallet:
                               {asset: total}}, "fees"?: {market: {"maker", "taker"}} (fractions), "leverage"?: {native:
                               times}, "dual"? (two-sided positions), "can_trade"?, "can_withdraw"?, "ips"?: [address],
                               "key_days"? (until the key ends)} -> the account's truth
    POST   /_sim/orders        {"venue", "account"?, "market", "symbol", "side", "qty", "price"? (none: at market),
                               "kind"? ("limit"), "reduce_only"?, "held"?}: a person's order -> the order's truth
    DELETE /_sim/orders/<id>   the same for a cancel by hand
    POST   /_sim/funding       {"venue", "symbol"}: settle funding of a perpetual now  -> {"paid": [...]}

An answer that is no truth says ``{"error": <one sentence>}`` with status 400 or 404.
"""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web
from aiohttp.web_request import BaseRequest

from arbtui.sim.account_control import AccountControl
from arbtui.sim.asked import Refused, number_of, object_of, text_of, whole_of
from arbtui.sim.coins import Coin
from arbtui.sim.faults import CHANNELS, KINDS, Fault
from arbtui.sim.hub import Hub
from arbtui.sim.listing import BookState, Listing, Market
from arbtui.sim.view import side_texts

_FAULT_KEYS = {"fault", "venue", "market", "symbol", "channel", "count", "seconds", "value", "reason"}
_MARKETS: tuple[Market, ...] = ("perp", "spot")
_DELIST_S = 20.0


class Control:
    """Answers requests under ``/_sim``."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.books = AccountControl(hub)
        hub.faults.on_end = self._ended

    async def answer(self, request: BaseRequest, path: str) -> web.Response:
        parts = [part for part in path.split("/") if part]
        try:
            answer = self._route(request.method, parts, dict(request.query), await request.read())
        except Refused as refused:
            return _json({"error": str(refused)}, refused.status)
        return _json(answer, 200)

    def _route(self, method: str, parts: list[str], query: dict[str, str], body: bytes) -> Any:
        match (method, parts):
            case ("GET", ["truth"]):
                return self.truth(query)
            case ("GET", ["accounts"]):
                return self.books.credentials()
            case ("POST", ["accounts"]):
                return self.books.set_account(object_of(body))
            case ("POST", ["orders"]):
                return self.books.by_hand(object_of(body))
            case ("DELETE", ["orders", order_id]):
                return self.books.cancel_by_hand(order_id)
            case ("POST", ["funding"]):
                return self.books.settle(object_of(body))
            case ("GET", ["faults"]):
                return self._help() if "help" in query else {"faults": [f.described() for f in self.hub.faults]}
            case ("POST", ["faults"]):
                return {"id": self.add_fault(object_of(body)).id}
            case ("DELETE", ["faults"]):
                self.hub.faults.clear()
                return {}
            case ("DELETE", ["faults", fault_id]):
                if not self.hub.faults.remove(fault_id):
                    raise Refused(f"there is no fault {fault_id!r}", 404)
                return {}
            case ("POST", ["instruments"]):
                return {"changed": [x.key for x in self.instruments(object_of(body))]}
        raise Refused(f"{method} /_sim/{'/'.join(parts)} is not offered", 404)

    # -- truth -----------------------------------------------------------------------------------------------------

    def truth(self, query: dict[str, str]) -> dict[str, Any]:
        """See the module."""
        world = self.hub.world
        chosen = self._chosen(query)
        depth = whole_of(query, "depth")
        seq = whole_of(query, "seq")
        venues: dict[str, Any] = {}
        for listing in chosen:
            state = listing.state if seq is None else self.hub.venues[listing.venue].state_at(listing, seq)
            if state is not None:
                rows = venues.setdefault(listing.venue, {}).setdefault(listing.market, {})
                rows[listing.native] = self._row(listing, state, depth)
        if seq is not None and not venues:
            raise Refused(f"no chosen instrument keeps a book with id {seq}", 404)
        keys = {listing.key for listing in chosen}
        return {
            "t_ns": self.hub.now_ns(),
            "world_ns": world.now_ns,
            "seed": world.seed,
            "steps": world.steps,
            "venues": venues,
            "dislocations": [
                {
                    "base": d.moved.base,
                    "buy": d.buy.key,
                    "sell": d.sell.key,
                    "from_ns": d.from_ns,
                    "to_ns": d.to_ns,
                    "bps": round(abs(d.shift_bps), 3),
                }
                for d in world.dislocations
                if d.moved.key in keys or d.other.key in keys
            ],
            "accounts": self.books.truth(query.get("venue") or None, query.get("symbol") or None),
        }

    def _chosen(self, query: dict[str, str]) -> list[Listing]:
        venue, market, symbol = query.get("venue"), query.get("market"), query.get("symbol")
        if venue and venue not in self.hub.venues:
            raise Refused(f"venue {venue!r} is not simulated; there are: {', '.join(self.hub.venues)}", 404)
        return [
            x
            for x in self.hub.world.listings
            if not x.terms.quiet
            and venue in (None, "", x.venue)
            and market in (None, "", x.market)
            and symbol in (None, "", x.native, x.base)
        ]

    def _row(self, listing: Listing, state: BookState, depth: int | None) -> dict[str, Any]:
        world, levels = self.hub.world, listing.levels(state)
        perp = listing.market == "perp"
        return {
            "base": listing.base,
            "quote": listing.quote,
            "coin": listing.coin.name,  # differs from base where another coin trades under the ticker
            "settle": listing.settle,
            "price_ccy": listing.price_ccy,
            "multiplier": format(listing.terms.multiplier, "f"),
            "price_factor": format(listing.terms.price_factor, "f"),
            "tick": format(listing.tick, "f"),
            "step": format(listing.step, "f"),
            "min_qty": format(listing.min_qty, "f"),
            "min_notional": format(listing.terms.min_notional, "f"),
            "status": listing.status,
            "delist_ms": listing.delist_ms,
            "bids": side_texts(listing, levels.bids[:depth]),
            "asks": side_texts(listing, levels.asks[:depth]),
            "seq": state.t_ns // 1_000_000 if self.hub.venues[listing.venue].seq_is_time else state.seq,
            "book_ns": state.t_ns,
            "last": listing.price(listing.last),
            "mark": listing.mark_price(world.mark_of(listing)) if perp else None,
            "index": listing.mark_price(world.index_of(listing)) if perp else None,
            "rate": listing.rate(world.funding_of(listing)) if perp else None,
            "interval_h": listing.interval_h if perp else None,
            "next_ms": world.next_funding_ms(listing) if perp else None,
        }

    # -- faults ------------------------------------------------------------------------------------------------------

    def add_fault(self, ask: dict[str, Any]) -> Fault:
        """Start the fault that ``ask`` describes; raises ``Refused``."""
        if unknown := sorted(set(ask) - _FAULT_KEYS):
            raise Refused(f"unknown key {unknown[0]!r}; a fault has: {', '.join(sorted(_FAULT_KEYS))}")
        kind = KINDS.get(text_of(ask, "fault") or "")
        if kind is None:
            raise Refused(f"unknown fault {ask.get('fault')!r}; GET /_sim/faults?help lists them")
        venue = text_of(ask, "venue")
        if venue is None or venue not in self.hub.venues:
            raise Refused(f"venue {venue!r} is not simulated; there are: {', '.join(self.hub.venues)}")
        market, symbol = text_of(ask, "market"), text_of(ask, "symbol")
        if market is not None and market not in _MARKETS:
            raise Refused(f"market is perp or spot, not {market!r}")
        if kind.needs_symbol and symbol is None:
            raise Refused(f"{kind.name} needs a symbol")
        if symbol is not None and not self._named(venue, market, symbol):
            raise Refused(f"{venue} has no instrument {symbol!r}")
        if kind.name == "bad_checksum" and not self.hub.venues[venue].has_checksum:
            raise Refused(f"{venue} sends no checksum that could be wrong")
        reason = text_of(ask, "reason") or ""
        if reason and reason not in kind.reasons:
            raise Refused(f"{kind.name} takes the reasons {', '.join(kind.reasons) or '(none)'}, not {reason!r}")
        if kind.place == "orders" and self.hub.venues[venue].desk is None:
            raise Refused(f"the simulated {venue} takes no orders yet")
        if kind.name == "seq_reset" and not self.hub.venues[venue].resets_ids:
            raise Refused(f"the update ids of {venue} never begin again")
        count = number_of(ask, "count")
        fault = self.hub.faults.add(
            kind,
            venue,
            market=market,
            symbol=symbol,
            channel=text_of(ask, "channel"),
            count=None if count is None else int(count),
            seconds=number_of(ask, "seconds"),
            value=number_of(ask, "value", negative=kind.name == "clock_skew"),
            reason=reason,
        )
        self._begun(fault)
        return fault

    def _begun(self, fault: Fault) -> None:
        match fault.kind.name:
            case "disconnect" | "refuse" | "accept_then_close":
                self.hub.cut(fault)
            case "shutdown":
                for session in self.hub.meant(fault):
                    session.announce_shutdown()
                    self.hub.later(fault.number, session.drop)
            case "halt":
                for listing in self._named(fault.venue, fault.market, fault.symbol):
                    self.hub.set_status(listing, "halted")
            case "seq_reset":
                for listing in self._named(fault.venue, fault.market, fault.symbol):
                    self.hub.venues[listing.venue].restart_ids(listing)
            case "private_gap" if fault.reason != "silent":
                for session in self.hub.meant(fault):
                    if session.private:
                        session.drop()
            case "session_expired":
                markets: dict[str | None, Market | None] = {"perp": "perp", "spot": "spot"}
                self.hub.venues[fault.venue].expire_sessions(markets.get(fault.market))
                self.hub.flush()
            case "position_jump":
                for listing in self._named(fault.venue, fault.market, fault.symbol):
                    self.books.jump(listing, fault)
            case "delist":
                for listing in self._named(fault.venue, fault.market, fault.symbol):
                    self._announce_end(listing, fault.number)
        if fault.kind.once:
            fault.acted += 1
            self.hub.faults.remove(fault.id)

    def _ended(self, fault: Fault) -> None:
        """Halts end with their fault; a delisting that has not happened yet is called off."""
        for listing in self._named(fault.venue, fault.market, fault.symbol):
            if fault.kind.name == "halt" and listing.status == "halted":
                self.hub.set_status(listing, "trading")
            if fault.kind.name == "delist" and listing.delist_ms is not None and listing.status != "delisted":
                listing.delist_ms = None
                self.hub.set_status(listing, listing.status)

    def _named(self, venue: str, market: str | None, symbol: str | None) -> list[Listing]:
        if symbol is None:
            return []
        return [
            x for x in self.hub.world.listings if x.venue == venue and x.native == symbol and market in (None, x.market)
        ]

    def _help(self) -> dict[str, Any]:
        return {
            "channels": [*CHANNELS, "<the venue's own name>", "rest (content faults: distort REST answers instead)"],
            "faults": {
                kind.name: {
                    "does": kind.text,
                    "value": kind.value or None,
                    "reasons": list(kind.reasons) or None,
                    "default": kind.default,
                    "channels": list(kind.channels) or "all",
                    "needs_symbol": kind.needs_symbol,
                    "once": kind.once,
                }
                for kind in KINDS.values()
            },
        }

    # -- instruments ---------------------------------------------------------------------------------------------------

    def instruments(self, ask: dict[str, Any]) -> list[Listing]:
        """List, halt, resume or delist; what changed."""
        action = text_of(ask, "action")
        venue, market = text_of(ask, "venue"), text_of(ask, "market")
        if venue is not None and venue not in self.hub.venues:
            raise Refused(f"venue {venue!r} is not simulated; there are: {', '.join(self.hub.venues)}")
        if market is not None and market not in _MARKETS:
            raise Refused(f"market is perp or spot, not {market!r}")
        if action == "list":
            return self._list(ask, venue, market)
        if action not in ("halt", "resume", "delist"):
            raise Refused(f"action is list, halt, resume or delist, not {action!r}")
        found = self._chosen({"venue": venue or "", "market": market or "", "symbol": text_of(ask, "symbol") or "-"})
        if not found:
            raise Refused(f"no instrument {ask.get('symbol')!r}", 404)
        for listing in found:
            if action == "delist":
                seconds = number_of(ask, "seconds")
                self._announce_end(listing, _DELIST_S if seconds is None else seconds)
            else:
                self.hub.set_status(listing, "halted" if action == "halt" else "trading")
        return found

    def _list(self, ask: dict[str, Any], venue: str | None, market: str | None) -> list[Listing]:
        base = text_of(ask, "base") or text_of(ask, "symbol")
        if not base:
            raise Refused('list needs a base, such as "NEWCOIN"')
        world = self.hub.world
        price = number_of(ask, "price") or 1.2345
        coin = next((c for c in world.coins if c.ticker == base), None)
        if coin is None:
            coin = Coin(base, base, len(world.coins), price, 1.0, 5e6)
            world.coins.append(coin)
        listed: list[Listing] = []
        for one in [venue] if venue else list(self.hub.venues):
            for kind in _MARKETS:
                if market in (None, kind):
                    try:
                        listed.append(self.hub.venues[one].list_coin(coin, kind))
                    except ValueError as already:
                        raise Refused(str(already)) from already
        for listing in listed:
            self.hub.venues[listing.venue].status_changed(listing, "pre_open")
        return listed

    def _announce_end(self, listing: Listing, seconds: float) -> None:
        """Announce that trading ends in ``seconds``, and end it then unless that was called off."""
        delist_ms = self.hub.now_ns() // 1_000_000 + int(seconds * 1000)
        listing.delist_ms = delist_ms
        self.hub.set_status(listing, listing.status)

        def close() -> None:
            if listing.delist_ms == delist_ms:
                self.hub.set_status(listing, "delisted")

        self.hub.later(seconds, close)


def _json(answer: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")
