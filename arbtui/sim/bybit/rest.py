"""Bybit's public REST endpoints with their error bodies, and the limit by address."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

import orjson

from arbtui.sim.base import Call, Handler, Reply
from arbtui.sim.bybit import rows, tables
from arbtui.sim.listing import Listing

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

NS_PER_S = 1_000_000_000
_CATEGORIES = ("linear", "spot", "inverse", "option")
_STATUSES = ("PreLaunch", "Trading", "Delivering", "Closed")
_HISTORY_MS = 365 * 24 * rows.HOUR_MS


class Refused(Exception):
    """An error of the API, which comes with HTTP status 200."""

    def __init__(self, text: str, code: int = 10001) -> None:
        super().__init__(text)
        self.code = code


class Ban:
    """Addresses that sent more than ``tables.REQUESTS`` in ``tables.WINDOW_S`` are refused for ``tables.BAN_S``."""

    def __init__(self) -> None:
        self._hits: dict[str, deque[int]] = {}
        self._until_ns: dict[str, int] = {}

    def meets(self, client: str, now_ns: int) -> bool:
        """Count a request of ``client``; whether it is refused."""
        if now_ns < self._until_ns.get(client, 0):
            return True
        hits = self._hits.setdefault(client, deque())
        hits.append(now_ns)
        while hits[0] <= now_ns - tables.WINDOW_S * NS_PER_S:
            hits.popleft()
        if len(hits) > tables.REQUESTS:
            self._until_ns[client] = now_ns + tables.BAN_S * NS_PER_S
            return True
        return False


class Rest:
    """Handlers by path."""

    def __init__(self, venue: Bybit) -> None:
        self._venue = venue
        self._ban = Ban()
        self._table: dict[str, Callable[[Call], dict[str, Any]]] = {
            "/v5/market/time": self._time,
            "/v5/market/instruments-info": self._instruments,
            "/v5/market/tickers": self._tickers,
            "/v5/market/orderbook": self._book,
            "/v5/market/funding/history": self._history,
        }

    def routes(self) -> dict[tuple[str, str], Handler]:
        return {("GET", path): self.handle for path in self._table}

    def handle(self, call: Call) -> Reply:
        if call.host not in tables.REST_HOSTS:
            return self._venue.not_found(call)
        if self.bans(call):
            return self.refusal(403)
        answer = self._table.get(call.path)
        if answer is None or call.method != "GET":
            return self._venue.not_found(call)
        if call.body:
            return self.refusal(403)  # a GET with a body is forbidden
        try:
            return self.reply(0, "OK", answer(call))
        except Refused as refused:
            return self.reply(refused.code, str(refused), {})

    def bans(self, call: Call) -> bool:
        """Count a request of an address; whether it is banned."""
        return self._ban.meets(call.client, self._venue.hub.now_ns())

    def reply(self, code: int, text: str, result: dict[str, Any], status: int = 200) -> Reply:
        """The envelope of every answer."""
        now_ms = self._venue.rest.now_ms()
        body = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": {}, "time": now_ms}
        return Reply(status, orjson.dumps(body))

    def refusal(self, status: int) -> Reply:
        """Answers that no handler gives. A ban by address is 403 here; there is no Retry-After."""
        if status in (403, 418):
            return Reply(403, b"403, access too frequent", content_type="text/plain")
        if status == 429:
            return self.reply(10429, "System level frequency protection", {}, 429)
        return self.reply(10016, "Server error.", {}, status)

    # -- what a request means ----------------------------------------------------------------------------------------

    def _one(self, call: Call) -> Listing:
        market = tables.MARKET.get(_category(call))
        symbol = call.query.get("symbol", "")
        listing = self._venue.named(market, symbol) if market is not None else None
        if listing is None:
            raise Refused("params error: symbol invalid")
        return listing

    # -- answers -----------------------------------------------------------------------------------------------------

    def _time(self, call: Call) -> dict[str, Any]:
        """Whole seconds, and nanoseconds that are true to the millisecond."""
        now_ms = self._venue.rest.now_ms()
        return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * 1_000_000)}

    def _instruments(self, call: Call) -> dict[str, Any]:
        """Only what is ``Trading``, unless asked for another status. Spot has no pages."""
        category = _category(call)
        limit = _whole(call, "limit", tables.PAGE, 1, tables.LARGEST_PAGE)
        status = call.query.get("status") or "Trading"
        if status not in _STATUSES:
            raise Refused("params error: status invalid")
        found = [row for row in self._rows(category) if row["status"] == status and _wanted(row, call, category)]
        if call.query.get("symbol") and not found:
            raise Refused("params error: symbol invalid")
        if category == "spot":
            return {"category": category, "list": found if status == "Trading" else []}
        found.sort(key=lambda row: str(row["symbol"]))
        after = _after(call)
        left = [row for row in found if row["symbol"] > after]
        page = left[:limit]
        return {"category": category, "list": page, "nextPageCursor": _cursor(page) if len(left) > limit else ""}

    def _rows(self, category: str) -> list[dict[str, Any]]:
        market = tables.MARKET.get(category)
        if market is None:
            return rows.inverse() if category == "inverse" else []
        return [rows.instrument(self._venue.rest, listing) for listing in self._venue.listings(market)]

    def _tickers(self, call: Call) -> dict[str, Any]:
        """All of a category, or one symbol."""
        category = _category(call)
        market = tables.MARKET.get(category)
        if call.query.get("symbol"):
            found = [self._one(call)]
        else:
            found = [x for x in self._venue.listings(market) if x.status != "delisted"] if market else []
        listed = [rows.rest_ticker(self._venue.rest, listing, call.path) for listing in found]
        return {"category": category, "list": listed}

    def _book(self, call: Call) -> dict[str, Any]:
        """The book as the topic of 1,000 levels has it, with the same ``u``."""
        listing = self._one(call)
        limit = _whole(call, "limit", 1 if listing.market == "spot" else 25, 1, 1000)
        if not rows.has_market(listing):
            raise Refused("params error: symbol invalid")
        depth, u = self._venue.deep_book(listing, limit, call.path)
        return {
            "s": listing.native,
            "a": depth.asks,
            "b": depth.bids,
            "ts": self._venue.rest.now_ms(listing.market),
            "u": u,
            "seq": depth.seq,
            "cts": depth.t_ms,
        }

    def _history(self, call: Call) -> dict[str, Any]:
        """Settled rates, newest first."""
        category, listing = _category(call), self._one(call)
        if listing.market == "spot" or rows.is_dated(listing):
            raise Refused("params error: category invalid" if listing.market == "spot" else "symbol has no funding")
        limit = _whole(call, "limit", 200, 1, 200)
        now_ms = self._venue.rest.now_ms("perp")
        start_ms, end_ms = _whole(call, "startTime", 0), _whole(call, "endTime", 0)
        if start_ms and not end_ms:
            raise Refused("params error: endTime is required with startTime")
        period_ms = listing.interval_h * rows.HOUR_MS
        newest_ms = min(end_ms or now_ms, now_ms)
        oldest_ms = max(start_ms, listing.extra["launch_ms"], now_ms - _HISTORY_MS)
        times = range(newest_ms - newest_ms % period_ms, oldest_ms - 1, -period_ms)[:limit]
        found = [
            {
                "symbol": listing.native,
                "fundingRate": rows.settled_rate(listing, at_ms),
                "fundingRateTimestamp": str(at_ms),
            }
            for at_ms in times
        ]
        return {"category": category, "list": found}


def _category(call: Call) -> str:
    category = call.query.get("category", "")
    if category not in _CATEGORIES:
        raise Refused("params error: category invalid")
    return category


def _whole(call: Call, key: str, default: int, least: int = 0, most: int = 2**62) -> int:
    text = call.query.get(key, "")
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Refused(f"params error: {key} invalid")
    return int(text)


def _wanted(row: dict[str, Any], call: Call, category: str) -> bool:
    """Whether the filters of the request let ``row`` through; spot knows no filter by coin."""
    keys = {"symbol": "symbol", "symbolType": "symbolType", "baseCoin": "baseCoin" if category != "spot" else ""}
    return all(call.query.get(key) in (None, "", row.get(field)) for key, field in keys.items() if field)


def _cursor(page: list[dict[str, Any]]) -> str:
    """``first%3DBIOUSDT%26last%3DBIOUSDT``: percent-encoded as it stands, so it may be sent as it came, or encoded."""
    return quote(f"first={page[0]['symbol']}&last={page[-1]['symbol']}", safe="")


def _after(call: Call) -> str:
    """The symbol after which the page begins."""
    cursor = call.query.get("cursor", "")
    if not cursor:
        return ""
    last = parse_qs(unquote(cursor)).get("last")
    if not last:
        raise Refused("params error: cursor invalid")
    return last[0]
