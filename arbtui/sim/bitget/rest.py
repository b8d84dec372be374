"""Bitget's public v2 REST endpoints, the instruments of v3, with their limits; and the envelope of every answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Handler, Reply
from arbtui.sim.bitget import rows, tables
from arbtui.sim.limits import PerWindow
from arbtui.sim.listing import Listing

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_MIX_DEPTHS = {"1": 1, "5": 5, "15": 15, "50": 50, "max": None, "": 100}
_SPOT_DEPTH = 150
_SPOT_TYPES = frozenset({"", "step0", "step1", "step2", "step3", "step4", "step5"})
_PAGE, _LARGEST_PAGE = 20, 100
_REMAIN = "x-mbx-used-remain-limit"

Answer = Callable[[Call], Any]


class Refused(Exception):
    """A business error: status 400 and a code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Rest:
    """Handlers by path; each path may be asked so often in a second, all of them together so often in a minute."""

    def __init__(self, venue: Bitget) -> None:
        self._venue = venue
        self._in_all = PerWindow(tables.REQUESTS_PER_MINUTE)
        self._answers: dict[str, Answer] = {
            "/api/v2/public/time": self._time,
            "/api/v2/margin/currencies": lambda call: [],
            "/api/v2/mix/market/contracts": self._contracts,
            "/api/v2/mix/market/ticker": self._mix_ticker,
            "/api/v2/mix/market/tickers": self._mix_tickers,
            "/api/v2/mix/market/current-fund-rate": self._fund_rates,
            "/api/v2/mix/market/history-fund-rate": self._history,
            "/api/v2/mix/market/merge-depth": self._merge_depth,
            "/api/v2/spot/public/coins": self._coins,
            "/api/v2/spot/public/symbols": self._symbols,
            "/api/v2/spot/market/tickers": self._spot_tickers,
            "/api/v2/spot/market/orderbook": self._orderbook,
            "/api/v3/market/instruments": self._instruments,
        }
        self._used = {path: PerWindow(tables.SLOWER.get(path, tables.REQUESTS_PER_S), 1) for path in self._answers}

    def routes(self) -> dict[tuple[str, str], Handler]:
        return {("GET", path): self.handle for path in self._answers}

    def handle(self, call: Call) -> Reply:
        answer = self._answers.get(call.path)
        if answer is None or call.method != "GET" or call.host != tables.REST_HOST:
            return self._venue.not_found(call)
        used = self._used[call.path]
        left = used.limit - used.add(call.client, 1, self._venue.hub.now_ns())
        if self.too_many(call) or left < 0:
            return self._venue.refusal(429, 0)
        try:
            data = answer(call)
        except Refused as refused:
            reply = self.error(400, refused.code, str(refused))
        else:
            reply = self.success(data)
        reply.headers[_REMAIN] = str(left)
        return reply

    def too_many(self, call: Call) -> bool:
        """Count a request of an address; whether it had more in this minute than it may."""
        return self._in_all.add(call.client, 1, self._venue.hub.now_ns()) > tables.REQUESTS_PER_MINUTE

    def success(self, data: Any) -> Reply:
        return Reply(200, self._body("00000", "success", data))

    def error(self, status: int, code: str, text: str) -> Reply:
        """An answer without data."""
        return Reply(status, self._body(code, text, None))

    def _body(self, code: str, text: str, data: Any) -> bytes:
        return orjson.dumps({"code": code, "msg": text, "requestTime": self._venue.rest.now_ms(), "data": data})

    # -- what a request means ------------------------------------------------------------------------------------------

    def _one(self, call: Call, product: str | None) -> Listing:
        """The instrument that is asked for; None: a contract of any product."""
        symbol = _needed(call, "symbol").upper()
        listing = self._venue.find("perp", symbol) if product is None else self._venue.of_product(product, symbol)
        if listing is None or not rows.exists(listing):
            raise Refused("40034", f"Parameter {symbol} does not exist")
        return listing

    def _some(self, call: Call, product: str) -> list[Listing]:
        """All of a product, or the one that is asked for."""
        if call.query.get("symbol"):
            return [self._one(call, product)]
        return self._venue.product(product)

    # -- answers -------------------------------------------------------------------------------------------------------

    def _time(self, call: Call) -> Any:
        return {"serverTime": str(self._venue.rest.now_ms())}

    def _contracts(self, call: Call) -> Any:
        """All of a product, whatever their status."""
        return [rows.contract(self._venue.rest, x) for x in self._listed(call, _product(call))]

    def _coins(self, call: Call) -> Any:
        """The coins of all pairs, without the chains that they could be sent on: nothing is sent here."""
        pairs = self._venue.product(tables.SPOT)
        names = dict.fromkeys(name for x in pairs for name in (x.extra["asset"], x.quote))
        return [{"coinId": str(n), "coin": name, "transfer": "true", "chains": []} for n, name in enumerate(names, 1)]

    def _symbols(self, call: Call) -> Any:
        return [rows.pair(x) for x in self._listed(call, tables.SPOT)]

    def _instruments(self, call: Call) -> Any:
        category = _needed(call, "category").upper()
        if category == "MARGIN":
            return []
        if category not in tables.PRODUCTS:
            raise Refused("40020", "Parameter category error")
        return [rows.instrument(self._venue.rest, x) for x in self._listed(call, category)]

    def _listed(self, call: Call, product: str) -> list[Listing]:
        symbol = call.query.get("symbol", "").upper()
        found = [x for x in self._venue.product(product) if symbol in ("", x.native)]
        if not found and symbol:
            raise Refused("40034", f"Parameter {symbol} does not exist")
        return found

    def _mix_ticker(self, call: Call) -> Any:
        _needed(call, "symbol")
        return self._mix_tickers(call)

    def _mix_tickers(self, call: Call) -> Any:
        view = self._venue.rest
        now_ms = view.now_ms("perp")
        found = self._some(call, _product(call))
        return [rows.mix_ticker(view, x, call.path, now_ms) for x in found if rows.has_ticker(x)]

    def _spot_tickers(self, call: Call) -> Any:
        found = self._some(call, tables.SPOT)
        return [rows.spot_ticker(self._venue.rest, x, call.path) for x in found if rows.has_ticker(x)]

    def _fund_rates(self, call: Call) -> Any:
        found = self._some(call, _product(call))
        return [rows.fund_rate(self._venue.rest, x) for x in found if rows.exists(x)]

    def _history(self, call: Call) -> Any:
        """Newest first."""
        _product(call)
        listing = self._one(call, None)
        size = min(_whole(call, "pageSize", _PAGE), _LARGEST_PAGE)
        page = _whole(call, "pageNo", 1)
        period_ms = listing.interval_h * rows.HOUR_MS
        now_ms = self._venue.rest.now_ms("perp")
        newest_ms = now_ms - now_ms % period_ms - (page - 1) * size * period_ms
        oldest_ms = max(listing.extra["launch_ms"], newest_ms - (size - 1) * period_ms)
        return rows.settlements(listing, range(newest_ms, oldest_ms - 1, -period_ms))

    def _merge_depth(self, call: Call) -> Any:
        """By numbers. The product is checked and then of no matter: a USDC contract is found under USDT-FUTURES."""
        _product(call)
        listing = self._one(call, None)
        limit = call.query.get("limit", "")
        if limit not in _MIX_DEPTHS:
            raise Refused("400172", "Parameter verification failed limit")
        depth = self._venue.rest.depth(listing, _MIX_DEPTHS[limit] if rows.has_book(listing) else 0, call.path)
        return {
            "asks": orjson.Fragment(rows.numbers(depth.asks)),
            "bids": orjson.Fragment(rows.numbers(depth.bids)),
            "ts": str(depth.t_ms),
            "scale": format(listing.tick, "f"),
            "precision": "scale0",
            "isMaxPrecision": "NO",
        }

    def _orderbook(self, call: Call) -> Any:
        listing = self._one(call, tables.SPOT)
        if call.query.get("type", "") not in _SPOT_TYPES:
            raise Refused("400172", "Parameter verification failed type")
        limit = min(_whole(call, "limit", _SPOT_DEPTH), _SPOT_DEPTH)
        depth = self._venue.rest.depth(listing, limit if rows.has_book(listing) else 0, call.path)
        return {"asks": depth.asks, "bids": depth.bids, "ts": str(depth.t_ms)}


def _needed(call: Call, key: str) -> str:
    value = call.query.get(key, "")
    if not value:
        raise Refused("40019", f"Parameter {key} cannot be empty")
    return value


def _product(call: Call) -> str:
    product = _needed(call, "productType").upper()
    if product not in tables.FUTURES:
        raise Refused("40020", "Parameter productType error")
    return product


def _whole(call: Call, key: str, default: int) -> int:
    text = call.query.get(key, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise Refused("400172", f"Parameter verification failed {key}")
    return int(text)
