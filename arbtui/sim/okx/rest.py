"""OKX's public REST endpoints: market data and public data, with their limits and error bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Handler, Reply
from arbtui.sim.limits import PerWindow
from arbtui.sim.listing import Listing, Market
from arbtui.sim.okx import rows, tables

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

_NO_SUCH = "Instrument ID, Instrument ID code, or Spread ID doesn't exist."
_HISTORY_MS = 90 * 24 * rows.HOUR_MS


class Refused(Exception):
    """An error body of OKX: many come with status 200."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, orjson.dumps({"code": code, "data": [], "msg": text}))


class _Endpoint:
    """A path: how many requests in how many seconds, counted for each address and each value of ``per``."""

    def __init__(self, answer: Callable[[Call], list[Any]], limit: int, window_s: int = 2, per: str = "") -> None:
        self.answer = answer
        self.limit = limit
        self._per = per
        self._used = PerWindow(limit, window_s)

    def exceeded(self, call: Call, now_ns: int) -> bool:
        client = f"{call.client}/{call.query.get(self._per, '')}"
        return self._used.add(client, 1, now_ns) > self.limit


class Rest:
    """Handlers by path, with a limit each; requests over it are refused with 429 and 50011."""

    def __init__(self, venue: Okx) -> None:
        self._venue = venue
        self._table: dict[str, _Endpoint] = {
            "/api/v5/public/time": _Endpoint(self._time, 10),
            "/api/v5/public/instruments": _Endpoint(self._instruments, 20, per="instType"),
            "/api/v5/public/mark-price": _Endpoint(self._marks, 10, per="instId"),
            "/api/v5/public/funding-rate": _Endpoint(self._funding, 10, per="instId"),
            "/api/v5/public/funding-rate-history": _Endpoint(self._history, 10, per="instId"),
            "/api/v5/market/tickers": _Endpoint(self._tickers, 20),
            "/api/v5/market/ticker": _Endpoint(self._ticker, 20),
            "/api/v5/market/index-tickers": _Endpoint(self._indices, 20),
            "/api/v5/market/books": _Endpoint(self._books, 40),
            "/api/v5/market/books-full": _Endpoint(self._books_full, 10),
            "/api/v5/system/status": _Endpoint(lambda call: [], 1, 5),
        }

    def routes(self) -> dict[tuple[str, str], Handler]:
        return {("GET", path): self.handle for path in self._table}

    def handle(self, call: Call) -> Reply:
        endpoint = self._table.get(call.path)
        if endpoint is None or call.method != "GET" or call.host not in tables.REST_HOSTS:
            return self._venue.not_found(call)
        if endpoint.exceeded(call, self._venue.hub.now_ns()):
            return self._venue.refusal(429, 0)
        try:
            return Reply(200, orjson.dumps({"code": "0", "msg": "", "data": endpoint.answer(call)}))
        except Refused as refused:
            return refused.reply

    # -- what a request means ----------------------------------------------------------------------------------------

    def _one(self, call: Call, market: Market | None = None) -> Listing:
        inst_id = _needed(call, "instId")
        listing = self._venue.named(inst_id)
        if listing is None or market not in (None, listing.market):
            raise Refused(200, "51001", _NO_SUCH)
        return listing

    def _open(self, market: Market) -> list[Listing]:
        return [x for x in self._venue.listings(market) if rows.has_market(x)]

    # -- public data -------------------------------------------------------------------------------------------------

    def _time(self, call: Call) -> list[Any]:
        return [{"ts": str(self._venue.rest.now_ms())}]

    def _instruments(self, call: Call) -> list[Any]:
        """Swaps, pairs, and the few futures of ``tables``; options and margin have no instruments here."""
        inst_type = _inst_type(call)
        if inst_type in ("OPTION", "EVENTS") and not (call.query.keys() & {"uly", "instFamily", "seriesId"}):
            raise Refused(400, "50015", "Either parameter uly or instFamily is required")
        demo = call.headers.get("x-simulated-trading") == "1"
        found = [tables.odd_row(odd) for odd in tables.ODD_ROWS if odd.inst_type == inst_type]
        if market := tables.MARKET.get(inst_type):
            listed = [x for x in self._venue.listings(market) if x.status != "delisted"]
            found = [tables.instrument_row(x, demo=demo) for x in listed] + found
        for key in ("uly", "instFamily", "instId"):
            if wanted := call.query.get(key):
                found = [row for row in found if row.get(key) == wanted]
        if not found and call.query.get("instId"):
            raise Refused(200, "51001", _NO_SUCH)
        return found

    def _marks(self, call: Call) -> list[Any]:
        """Of a type; or of one instrument, which live hosts answer without its type although the documents want it."""
        view = self._venue.rest
        if "instId" in call.query and "instType" not in call.query:
            return [rows.mark(view, self._one(call, "perp"), call.path)]
        inst_type = _inst_type(call)
        if inst_type not in ("SWAP", "FUTURES"):
            return []
        now_ms = str(view.now_ms())
        found = [rows.mark(view, x, call.path) for x in self._open("perp")] if inst_type == "SWAP" else []
        found += [
            {"instType": inst_type, "instId": odd.inst_id, "markPx": odd.price, "ts": now_ms}
            for odd in tables.ODD_ROWS
            if odd.inst_type == inst_type and odd.price
        ]
        if wanted := call.query.get("instId"):
            found = [row for row in found if row["instId"] == wanted]
            if not found:
                raise Refused(200, "51001", _NO_SUCH)
        return found

    def _funding(self, call: Call) -> list[Any]:
        view = self._venue.rest
        if _needed(call, "instId") != "ANY":
            return [rows.funding(view, self._one(call, "perp"))]
        found = [rows.funding(view, x) for x in self._open("perp")]
        like = found[0] if found else {}  # inverse, USD-quoted and X-Perp rows are among them
        found += [
            {**like, "instType": odd.inst_type, "instId": odd.inst_id}
            for odd in tables.ODD_ROWS
            if odd.price and (odd.inst_type == "SWAP" or odd.fields.get("ruleType") == "xperp")
        ]
        return found

    def _history(self, call: Call) -> list[Any]:
        """Newest first, three months back; ``after`` and ``before`` are exclusive ends, older and newer."""
        listing = self._one(call, "perp")
        period_ms = listing.interval_h * rows.HOUR_MS
        now_ms = self._venue.rest.now_ms("perp")
        oldest_ms = max(listing.extra["list_ms"], now_ms - _HISTORY_MS, _whole(call, "before", 0) + 1)
        newest_ms = min(now_ms, _whole(call, "after", now_ms + 1) - 1)
        times = range(newest_ms - newest_ms % period_ms, oldest_ms - 1, -period_ms)
        return rows.settlements(listing, times[: min(_whole(call, "limit", 400), 400)])

    # -- market data -------------------------------------------------------------------------------------------------

    def _tickers(self, call: Call) -> list[Any]:
        inst_type = _inst_type(call)
        market = tables.MARKET.get(inst_type)
        found = [rows.ticker(self._venue.rest, x, call.path) for x in self._open(market)] if market else []
        return found + [self._odd_ticker(o) for o in tables.ODD_ROWS if o.inst_type == inst_type and o.price]

    def _ticker(self, call: Call) -> list[Any]:
        odd = next((o for o in tables.ODD_ROWS if o.price and o.inst_id == call.query.get("instId")), None)
        if odd is not None:
            return [self._odd_ticker(odd)]
        listing = self._one(call)
        return [rows.ticker(self._venue.rest, listing, call.path)] if rows.has_market(listing) else []

    def _odd_ticker(self, odd: tables.Odd) -> dict[str, Any]:
        prices = dict.fromkeys(
            ("last", "askPx", "bidPx", "open24h", "high24h", "low24h", "sodUtc0", "sodUtc8"), odd.price
        )
        sizes = {"lastSz": "1", "askSz": "", "bidSz": "12", "volCcy24h": "1200", "vol24h": "1200", "askPx": ""}
        now_ms = str(self._venue.rest.now_ms())
        return {"instType": odd.inst_type, "instId": odd.inst_id, **prices, **sizes, "ts": now_ms}

    def _indices(self, call: Call) -> list[Any]:
        name, quote = call.query.get("instId"), call.query.get("quoteCcy")
        if not name and not quote:
            raise Refused(400, "50015", "Either parameter instId or quoteCcy is required")
        swaps = [x for x in self._open("perp") if (x.extra["family"] == name if name else x.quote == quote)]
        if name and not swaps:
            raise Refused(200, "51001", _NO_SUCH)
        return [rows.index(self._venue.rest, x, call.path) for x in swaps]

    def _books(self, call: Call) -> list[Any]:
        listing = self._one(call)
        depth = self._venue.rest.depth(listing, _depth(call, 400), call.path)
        return [
            {
                "asks": [[p, size, "0", str(rows.orders(p, size))] for p, size in depth.asks],
                "bids": [[p, size, "0", str(rows.orders(p, size))] for p, size in depth.bids],
                "ts": str(depth.t_ms),
                "seqId": depth.seq,
            }
        ]

    def _books_full(self, call: Call) -> list[Any]:
        listing = self._one(call)
        depth = self._venue.rest.depth(listing, _depth(call, 5000), call.path)
        return [
            {
                "asks": [[p, size, str(rows.orders(p, size))] for p, size in depth.asks],
                "bids": [[p, size, str(rows.orders(p, size))] for p, size in depth.bids],
                "ts": str(depth.t_ms),
            }
        ]


def _needed(call: Call, key: str) -> str:
    value = call.query.get(key, "")
    if not value:
        raise Refused(400, "50014", f"Parameter {key} can not be empty.")
    return value


def _inst_type(call: Call) -> str:
    inst_type = _needed(call, "instType")
    if inst_type not in tables.INST_TYPES:
        raise Refused(400, "51000", "Parameter instType error")
    return inst_type


def _whole(call: Call, key: str, default: int) -> int:
    text = call.query.get(key, "")
    if not text:
        return default
    if not text.isdecimal():
        raise Refused(400, "51000", f"Parameter {key} error")
    return int(text)


def _depth(call: Call, most: int) -> int:
    levels = _whole(call, "sz", 1)
    if not 1 <= levels <= most:
        raise Refused(400, "51000", "Parameter sz error")
    return levels
