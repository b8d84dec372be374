"""Binance's REST endpoints with their weights, limits and error bodies; signed ones are answered by ``private``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Handler, Reply
from arbtui.sim.binance import tables
from arbtui.sim.limits import PerWindow, SlidingPer
from arbtui.sim.listing import Listing, Market

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance

_DEPTH_WEIGHT = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}  # USD-M; without a limit: 1
_BAN_AFTER = 30  # requests sent on while refused
_BAN_S = 120
_FUNDING_PER_5_MIN = 500  # fundingInfo and fundingRate together
_DAY_MS = 86_400_000

Weight = int | Callable[[Call], int]


class Refused(Exception):
    """An error body of Binance."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, orjson.dumps({"code": code, "msg": text}))


class Rest:
    """Handlers by path, and the counters around them: one weight per market and client, by the UTC clock minute."""

    def __init__(self, venue: Binance) -> None:
        self._venue = venue
        self._weights = {market: PerWindow(limit) for market, limit in tables.WEIGHT_PER_MINUTE.items()}
        self._defied: dict[str, int] = {}  # requests sent on although refused
        self._banned_until_ns: dict[str, int] = {}
        self._funding = SlidingPer(300.0)
        self._table: dict[tuple[str, str], tuple[Market, Weight, Callable[[Call], Any]]] = {
            ("GET", "/fapi/v1/ping"): ("perp", 1, lambda call: {}),
            ("GET", "/fapi/v1/time"): ("perp", 1, self._time),
            ("GET", "/fapi/v1/exchangeInfo"): ("perp", 1, self._perp_info),
            ("GET", "/fapi/v1/depth"): ("perp", _perp_depth_weight, self._perp_depth),
            ("GET", "/fapi/v1/ticker/bookTicker"): ("perp", _one_or(2, 5), self._best_prices),
            ("GET", "/fapi/v1/ticker/24hr"): ("perp", _one_or(1, 40), self._day),
            ("GET", "/fapi/v1/ticker/price"): ("perp", _one_or(1, 2), self._price),
            ("GET", "/fapi/v2/ticker/price"): ("perp", _one_or(1, 2), self._price),
            ("GET", "/fapi/v1/premiumIndex"): ("perp", _one_or(1, 10), self._premium),
            ("GET", "/fapi/v1/fundingInfo"): ("perp", 0, self._funding_info),
            ("GET", "/fapi/v1/fundingRate"): ("perp", 0, self._funding_rates),
            ("GET", "/api/v3/ping"): ("spot", 1, lambda call: {}),
            ("GET", "/api/v3/time"): ("spot", 1, self._time),
            ("GET", "/api/v3/exchangeInfo"): ("spot", 20, self._spot_info),
            ("GET", "/api/v3/depth"): ("spot", _spot_depth_weight, self._spot_depth),
            ("GET", "/api/v3/ticker/bookTicker"): ("spot", _one_or(2, 4), self._best_prices),
            ("GET", "/api/v3/ticker/24hr"): ("spot", _one_or(2, 80), self._day),
            ("GET", "/api/v3/ticker/price"): ("spot", _one_or(2, 4), self._price),
            ("GET", "/dapi/v1/exchangeInfo"): ("perp", 1, self._coinm_info),
            ("GET", "/sapi/v1/margin/allPairs"): ("spot", 1, lambda call: []),
            ("GET", "/sapi/v1/margin/isolated/allPairs"): ("spot", 1, lambda call: []),
        }

    def add(self, rows: dict[tuple[str, str], tuple[Market, Weight, Callable[[Call], Any]]]) -> None:
        """Offer more: market, weight and handler by (method, path). A handler may answer a whole ``Reply``."""
        self._table.update(rows)

    def routes(self) -> dict[tuple[str, str], Handler]:
        return dict.fromkeys(self._table, self.handle)

    # -- limits --------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        known = self._table.get((call.method, call.path))
        market = known[0] if known is not None else None
        if known is None or self._venue.market_of(call) not in (market, None):
            return self._venue.not_found(call)
        market, weight, answer = known
        cost = weight if isinstance(weight, int) else weight(call)
        now_ns = self._venue.hub.now_ns()
        used = self._weights[market].add(call.client, cost, now_ns)
        if refused := self._over_limit(call.client, market, used, now_ns):
            return refused
        try:
            found = answer(call)
            reply = found if isinstance(found, Reply) else Reply(200, orjson.dumps(found))
        except Refused as refused_by:
            reply = refused_by.reply
        if cost:
            reply.headers["X-MBX-USED-WEIGHT-1M"] = str(used)
            reply.headers["X-MBX-USED-WEIGHT"] = str(used)
        return reply

    def _over_limit(self, client: str, market: Market, used: int, now_ns: int) -> Reply | None:
        """429 while the minute's weight is used up; 418 for a while to who does not stop then."""
        banned_ns = self._banned_until_ns.get(client, 0)
        if banned_ns > now_ns:
            return self.refusal(418, (banned_ns - now_ns) // 1_000_000_000 + 1)
        weights = self._weights[market]
        if used <= weights.limit:
            self._defied.pop(client, None)
            return None
        self._defied[client] = self._defied.get(client, 0) + 1
        if self._defied[client] > _BAN_AFTER:
            self._banned_until_ns[client] = now_ns + _BAN_S * 1_000_000_000
            return self.refusal(418, _BAN_S)
        return self.refusal(429, weights.left_s(now_ns))

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        """Binance's own bodies for 429, 418 and 500."""
        if status == 500:
            return Reply(500, b'{"code":-1000,"msg":"An unknown error occurred while processing the request."}')
        if status == 418:
            until = self._venue.rest.now_ms() + retry_after_s * 1000
            text = f"Way too much request weight used; IP banned until {until}. Please use WebSocket Streams."
        else:
            text = "Too much request weight used; please use WebSocket Streams for live updates to avoid bans."
        body = orjson.dumps({"code": -1003, "msg": text})
        return Reply(status, body, {"Retry-After": str(retry_after_s)})

    # -- which instruments a request means ---------------------------------------------------------------------------

    def _market(self, call: Call) -> Market:
        return "spot" if call.path.startswith("/api/") else "perp"

    def _one(self, call: Call) -> Listing:
        symbol = call.query.get("symbol", "")
        if not symbol:
            raise Refused(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        listing = self._venue.find(self._market(call), symbol)
        if listing is None:
            raise Refused(400, -1121, "Invalid symbol.")
        return listing

    def _answer(self, call: Call, row: Callable[[Listing], dict[str, Any]], *, trading_only: bool = False) -> Any:
        """``row`` of the symbol asked for, or of all as a list."""
        if "symbol" in call.query:
            return row(self._one(call))
        listings: Iterable[Listing] = self._venue.listings(self._market(call))
        if "symbols" in call.query:
            listings = [self._symbol(call, name) for name in _list_of(call.query["symbols"])]
        wanted = {"trading", "close_only"} if trading_only or call.query.get("symbolStatus") == "TRADING" else None
        return [
            row(x)
            for x in listings
            if x.status not in ("pre_open", "delisted") and (wanted is None or x.status in wanted)
        ]

    def _symbol(self, call: Call, name: str) -> Listing:
        listing = self._venue.find(self._market(call), name)
        if listing is None:
            raise Refused(400, -1121, "Invalid symbol.")
        return listing

    # -- answers ---------------------------------------------------------------------------------------------------

    def _time(self, call: Call) -> Any:
        return {"serverTime": self._venue.rest.now_ms(self._market(call))}

    def _perp_info(self, call: Call) -> Any:
        rows = [tables.perp_row(x) for x in self._venue.listings("perp")]
        rows.extend(tables.odd_perp_row(odd) for odd in tables.ODD_PERPS)
        return {
            "timezone": "UTC",
            "serverTime": self._venue.rest.now_ms("perp"),
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
            ],
            "exchangeFilters": [],
            "assets": [
                {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in ("USDT", "USDC")
            ],
            "symbols": rows,
        }

    def _spot_info(self, call: Call) -> Any:
        rows = self._answer_info(call)
        if call.query.get("showPermissionSets") == "false":
            for row in rows:
                row["permissionSets"] = []
        return {
            "timezone": "UTC",
            "serverTime": self._venue.rest.now_ms("spot"),
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
                {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
                {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300000},
            ],
            "exchangeFilters": [],
            "symbols": rows,
        }

    def _answer_info(self, call: Call) -> list[dict[str, Any]]:
        if "symbol" in call.query:
            return [tables.spot_row(self._one(call))]
        if "symbols" in call.query:
            return [tables.spot_row(self._symbol(call, name)) for name in _list_of(call.query["symbols"])]
        listings = self._venue.listings("spot")
        if status := call.query.get("symbolStatus"):
            listings = [x for x in listings if tables.SPOT_STATUS[x.status] == status]
        rows = [tables.spot_row(x) for x in listings]
        for symbol, asset, odd in tables.ODD_SPOT:
            if rows and not status:
                rows.append({**rows[0], "symbol": symbol, "baseAsset": asset, "status": odd})
        return rows

    def _coinm_info(self, call: Call) -> Any:
        return {"timezone": "UTC", "serverTime": self._venue.rest.now_ms(), "rateLimits": [], "symbols": []}

    def _perp_depth(self, call: Call) -> Any:
        listing = self._one(call)
        limit = _limit(call, 500)
        if limit not in _DEPTH_WEIGHT:
            raise Refused(400, -4021, f"Invalid depth limit {limit}.")
        depth = self._venue.rest.depth(listing, limit, call.path)
        now_ms = self._venue.rest.now_ms("perp")
        return {"lastUpdateId": depth.seq, "E": now_ms, "T": depth.t_ms, "bids": depth.bids, "asks": depth.asks}

    def _spot_depth(self, call: Call) -> Any:
        depth = self._venue.rest.depth(self._one(call), min(_limit(call, 100), 5000), call.path)
        return {"lastUpdateId": depth.seq, "bids": depth.bids, "asks": depth.asks}

    def _best_prices(self, call: Call) -> Any:
        def row(listing: Listing) -> dict[str, Any]:
            quote = self._venue.rest.quote(listing, call.path)
            best: dict[str, Any] = {
                "symbol": listing.native,
                "bidPrice": quote.bid or listing.price(0),
                "bidQty": quote.bid_size or listing.size(0),
                "askPrice": quote.ask or listing.price(0),
                "askQty": quote.ask_size or listing.size(0),
            }
            if listing.market == "perp":
                best["time"] = quote.t_ms
            return best

        return self._answer(call, row)

    def _price(self, call: Call) -> Any:
        def row(listing: Listing) -> dict[str, Any]:
            price: dict[str, Any] = {"symbol": listing.native, "price": self._venue.rest.ticker(listing).last}
            if listing.market == "perp":
                price["time"] = self._venue.rest.now_ms("perp")
            return price

        return self._answer(call, row)

    def _day(self, call: Call) -> Any:
        mini = call.query.get("type") == "MINI"
        return self._answer(call, lambda x: self._day_row(x, call.path, mini=mini), trading_only=True)

    def _day_row(self, listing: Listing, path: str, *, mini: bool) -> dict[str, Any]:
        day = self._venue.rest.ticker(listing, path)
        now_ms = self._venue.rest.now_ms(listing.market)
        row: dict[str, Any] = {
            "symbol": listing.native,
            "openPrice": day.open,
            "highPrice": day.high,
            "lowPrice": day.low,
            "lastPrice": day.last,
            "volume": day.volume,
            "quoteVolume": day.turnover,
            "openTime": now_ms - _DAY_MS,
            "closeTime": now_ms,
            "firstId": 1,
            "lastId": day.trades,
            "count": day.trades,
        }
        if mini:
            return row
        row |= {
            "priceChange": day.change,
            "priceChangePercent": day.change_pct,
            "weightedAvgPrice": day.last,
            "lastQty": day.last_size,
        }
        if listing.market == "spot":
            quote = self._venue.rest.quote(listing, path)
            row |= {
                "prevClosePrice": day.open,
                "bidPrice": quote.bid or listing.price(0),
                "bidQty": quote.bid_size or listing.size(0),
                "askPrice": quote.ask or listing.price(0),
                "askQty": quote.ask_size or listing.size(0),
            }
        return row

    def _premium(self, call: Call) -> Any:
        rows = self._answer(call, self._premium_row)
        if isinstance(rows, list):  # more rows than exchangeInfo: those without funding say nextFundingTime 0
            now_ms = self._venue.rest.now_ms("perp")
            rows.extend(_fixed_premium(odd[0], odd[5], now_ms) for odd in tables.ODD_PERPS)
        return rows

    def _premium_row(self, listing: Listing) -> dict[str, Any]:
        marks, funding = self._venue.rest.marks(listing), self._venue.rest.funding(listing)
        return {
            "symbol": listing.native,
            "markPrice": marks.mark,
            "indexPrice": marks.index_price,
            "estimatedSettlePrice": marks.index_price,
            "lastFundingRate": funding.rate,
            "interestRate": "0.00010000",
            "nextFundingTime": funding.next_ms,
            "time": self._venue.rest.now_ms("perp"),
        }

    def _funding_info(self, call: Call) -> Any:
        """Nearly every perp. One at 8 h is absent (absent means 8 h); some carry no updateTime; COIN-M rows leak in."""
        self._count_funding(call)
        rows: list[dict[str, Any]] = []
        absent = False
        for listing in self._venue.listings("perp"):
            hours = self._venue.rest.funding(listing).interval_h
            if hours == 8 and not absent and listing.coin.rank >= 3:
                absent = True
                continue
            odd = listing.salt % 14 == 0 or listing.coin.rank == 0
            rows.append(
                {
                    "symbol": listing.native,
                    "adjustedFundingRateCap": "0.00300" if odd else "0.02500000",
                    "adjustedFundingRateFloor": "-0.00300" if odd else "-0.02500000",
                    "fundingIntervalHours": hours,
                    "disclaimer": odd,
                    "updateTime": None if odd else listing.extra["onboard_ms"],
                }
            )
        rows.append(
            {
                "symbol": "BTCUSD_PERP",
                "adjustedFundingRateCap": "0.00300",
                "adjustedFundingRateFloor": "-0.00300",
                "fundingIntervalHours": 8,
                "disclaimer": True,
                "updateTime": None,
            }
        )
        return rows

    def _funding_rates(self, call: Call) -> Any:
        """What was settled: ``limit`` (100) settlements up to now, oldest first."""
        self._count_funding(call)
        listing = self._one(call)
        period_ms = listing.interval_h * 3_600_000
        now_ms = self._venue.rest.now_ms("perp")
        end_ms = min(_whole(call, "endTime", now_ms), now_ms)
        start_ms = _whole(call, "startTime", 0)
        count = max(1, min(_limit(call, 100), 1000))
        times = [end_ms - end_ms % period_ms - i * period_ms for i in range(count)]
        mark = self._venue.rest.marks(listing).mark
        return [
            {
                "symbol": listing.native,
                "fundingRate": listing.rate(listing.settled_rate(at)),
                "fundingTime": at,
                "markPrice": mark,
                "rateType": "Regular",
            }
            for at in reversed(times)
            if at >= start_ms
        ]

    def _count_funding(self, call: Call) -> None:
        if self._funding.hit(call.client, self._venue.hub.now_ns()) > _FUNDING_PER_5_MIN:
            raise Refused(429, -1003, "Too many requests; current limit is 500 requests per 5 minutes.")


def _one_or(one: int, every: int) -> Callable[[Call], int]:
    return lambda call: one if "symbol" in call.query else every


def _perp_depth_weight(call: Call) -> int:
    return _DEPTH_WEIGHT.get(_limit_or(call, 0), 1)


def _spot_depth_weight(call: Call) -> int:
    limit = _limit_or(call, 100)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250


def _limit_or(call: Call, default: int) -> int:
    text = call.query.get("limit", "")
    return int(text) if text.isdecimal() else default


def _limit(call: Call, default: int) -> int:
    return _whole(call, "limit", default)


def _whole(call: Call, key: str, default: int) -> int:
    text = call.query.get(key, "")
    if not text:
        return default
    if not text.isdecimal():
        raise Refused(400, -1130, f"Data sent for parameter '{key}' is not valid.")
    return int(text)


def _list_of(text: str) -> list[str]:
    try:
        names = orjson.loads(text)
    except orjson.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused(400, -1100, "Illegal characters found in parameter 'symbols'.")
    return names


def _fixed_premium(symbol: str, price: str, now_ms: int) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "markPrice": price,
        "indexPrice": price,
        "estimatedSettlePrice": price,
        "lastFundingRate": "0.00000000",
        "interestRate": "0.00000000",
        "nextFundingTime": 0,
        "time": now_ms,
    }
