"""``POST /info``: every question is a JSON body with a ``type``; the whole of it is metered by weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Reply
from arbtui.sim.hyperliquid import private_info, rows, streams, tables
from arbtui.sim.hyperliquid.answers import Ask, Refused, unreadable
from arbtui.sim.hyperliquid.rows import HOUR_MS, BookKind
from arbtui.sim.limits import PerWindow
from arbtui.sim.listing import Listing, Market
from arbtui.sim.reading import json_object

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid

_LIGHT = frozenset({"l2Book", "allMids", "exchangeStatus"}) | private_info.LIGHT
_LIGHT_WEIGHT, _WEIGHT, _HEAVY_WEIGHT, _ACTION_WEIGHT = 2, 20, 60, 1
_PER_BATCH = 40  # orders in one action that cost one more
_LISTS = frozenset({"fundingHistory", "userFills", "userFillsByTime", "historicalOrders", "userFunding"})
_ROWS_PER_WEIGHT = 20
_HISTORY_ROWS = 500
_MARKETS: dict[str, Market] = {
    "meta": "perp",
    "metaAndAssetCtxs": "perp",
    "allPerpMetas": "perp",
    "perpDexs": "perp",
    "predictedFundings": "perp",
    "fundingHistory": "perp",
    "spotMeta": "spot",
    "spotMetaAndAssetCtxs": "spot",
}


class Info:
    """Answers by type."""

    def __init__(self, venue: Hyperliquid) -> None:
        self._venue = venue
        self._used = PerWindow(tables.WEIGHT_PER_MIN)
        self._spot_meta: tuple[int, Any] = (0, None)
        self._answers: dict[str, Callable[[Ask], Any]] = {
            "meta": lambda ask: self._meta(self._dex(ask)),
            "metaAndAssetCtxs": self._meta_and_ctxs,
            "allPerpMetas": lambda ask: [self._meta(dex) for dex in venue.dexes],
            "perpDexs": lambda ask: [None, *map(_dex_row, tables.DEXES)],
            "spotMeta": lambda ask: self._spot(),
            "spotMetaAndAssetCtxs": lambda ask: [self._spot(), self._spot_ctxs(ask["type"])],
            "allMids": self._all_mids,
            "l2Book": self._l2_book,
            "fundingHistory": self._funding_history,
            "predictedFundings": lambda ask: [self._predicted(x) for x in venue.dexes[""] if x.status != "delisted"],
            "exchangeStatus": lambda ask: {
                "time": venue.rest.now_ms() - tables.STATE_LAG_MS,
                "specialStatuses": None,
            },
        }

    # -- requests --------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Reply:
        """``POST /info``."""
        try:
            ask = _body(call)
            return Reply(200, orjson.dumps(self._answered(ask, call.client)))
        except Refused as refused:
            return refused.reply

    def action(self, call: Call) -> Reply:
        """``POST /exchange``."""
        try:
            ask = _body(call)
            self._charge(call.client, _action_weight(ask))
            return self._venue.private.reply(ask)
        except Refused as refused:
            return refused.reply

    def by_socket(self, kind: str, ask: Ask, client: str) -> Any:
        """The response of a ``post`` frame; failures are texts. Raises ``Lost``."""
        try:
            if kind == "action":
                self._charge(client, _action_weight(ask))
                return {"type": "action", "payload": self._venue.private.answered(ask)}
            return {"type": "info", "payload": {"type": ask.get("type"), "data": self._answered(ask, client)}}
        except Refused as refused:
            return {"type": "error", "payload": f"{refused.reply.status} {refused.reply.body.decode()}"}

    def market_of(self, call: Call) -> Market | None:
        ask = _asked(call)
        return _MARKETS.get(str(ask.get("type"))) or self._market_of_coin(ask)

    def coin_of(self, call: Call) -> str | None:
        """The coin that a request names."""
        coin = _asked(call).get("coin")
        return coin if isinstance(coin, str) else None

    def _market_of_coin(self, ask: Ask) -> Market | None:
        listing = self._venue.named(str(ask.get("coin", "")))
        return None if listing is None else listing.market

    def _answered(self, ask: Ask, client: str) -> Any:
        kind = ask.get("type")
        if not isinstance(kind, str):
            raise unreadable()
        heavy = _HEAVY_WEIGHT if kind in private_info.HEAVY else _WEIGHT
        self._charge(client, _LIGHT_WEIGHT if kind in _LIGHT else heavy)
        if kind in self._venue.private.reads:
            answer = self._venue.private.reads.answer(ask)
        elif (handler := self._answers.get(kind)) is not None:
            answer = handler(ask)
        else:
            raise unreadable()
        if kind in _LISTS:
            self._charge(client, len(answer) // _ROWS_PER_WEIGHT)
        return answer

    def _charge(self, client: str, weight: int) -> None:
        if self._used.add(client, weight, self._venue.hub.now_ns()) > tables.WEIGHT_PER_MIN:
            raise Refused(429, b"null")

    # -- perps -----------------------------------------------------------------------------------------------------

    def _dex(self, ask: Ask) -> str:
        dex = ask.get("dex") or ""
        if not isinstance(dex, str):
            raise unreadable()
        if dex not in self._venue.dexes:
            raise Refused(500, b"null")
        return dex

    def _meta(self, dex: str) -> dict[str, Any]:
        listings = self._venue.dexes[dex]
        collateral = next((x.collateral_token for x in tables.DEXES if x.name == dex), 0)
        return {
            "universe": [rows.universe_row(x) for x in listings],
            "marginTables": _margin_tables(listings),
            "collateralToken": collateral,
        }

    def _meta_and_ctxs(self, ask: Ask) -> Any:
        dex = self._dex(ask)
        return [self._meta(dex), [rows.perp_ctx(self._venue.rest, x, ask["type"]) for x in self._venue.dexes[dex]]]

    def _funding_history(self, ask: Ask) -> Any:
        """Oldest first, from ``startTime`` on, at most 500 hours."""
        coin, start_ms, end_ms = ask.get("coin"), ask.get("startTime"), ask.get("endTime")
        if not isinstance(coin, str) or not isinstance(start_ms, int) or not isinstance(end_ms, int | None):
            raise unreadable()
        listing = self._venue.find("perp", coin)
        if listing is None:
            raise Refused(500, b"null")
        now_ms = self._venue.rest.now_ms("perp")
        first_ms = max(start_ms, now_ms - 2 * 365 * 24 * HOUR_MS) - 1
        hours = range(first_ms - first_ms % HOUR_MS, min(now_ms, end_ms or now_ms), HOUR_MS)
        found = (rows.settlement(listing, hour_ms) for hour_ms in hours[: _HISTORY_ROWS + 1])
        return [row for row in found if start_ms <= row["time"] <= (end_ms or now_ms)][:_HISTORY_ROWS]

    def _predicted(self, listing: Listing) -> Any:
        """What this and other venues will pay. Our own ``nextFundingTime`` is that of the last settlement."""
        estimate = self._venue.rest.funding(listing)
        own = {
            "fundingRate": rows.pointed(estimate.rate),
            "nextFundingTime": estimate.next_ms - estimate.interval_h * HOUR_MS,
            "fundingIntervalHours": estimate.interval_h,
        }
        others = [("BinPerp", self._elsewhere("binance", listing)), ("BybitPerp", self._elsewhere("bybit", listing))]
        return [listing.native, [others[0], ["HlPerp", own], others[1]]]

    def _elsewhere(self, venue: str, listing: Listing) -> dict[str, Any] | None:
        """The estimate of another venue for the same coin; None where it has none."""
        world = self._venue.world
        for name in (listing.coin.ticker, f"1000{listing.coin.ticker}"):
            other = world.by_key.get(f"{venue}.perp.{name}USDT")
            if other is not None:
                return {
                    "fundingRate": rows.pointed(other.rate(world.funding_of(other))),
                    "nextFundingTime": world.next_funding_ms(other),
                    "fundingIntervalHours": other.interval_h,
                }
        return None

    # -- spot ------------------------------------------------------------------------------------------------------

    def _spot(self) -> Any:
        count, meta = self._spot_meta
        if count != len(self._venue.pairs):
            meta = {
                "tokens": [_token_row(index, token) for index, token in enumerate(self._venue.tokens)],
                "universe": [_pair_row(pair.at, pair.base, pair.quote) for pair in self._venue.pairs],
            }
            self._spot_meta = (len(self._venue.pairs), meta)
        return meta

    def _spot_ctxs(self, wire: str) -> Any:
        return [
            rows.dead_spot_ctx(pair.at) if pair.listing is None else rows.spot_ctx(self._venue.rest, pair.listing, wire)
            for pair in self._venue.pairs
        ]

    # -- both ------------------------------------------------------------------------------------------------------

    def _all_mids(self, ask: Ask) -> Any:
        return streams.all_mids(self._venue, self._dex(ask), lambda x: rows.mid_of(self._venue.rest, x, ask["type"]))

    def _l2_book(self, ask: Ask) -> Any:
        coin, sig_figs, mantissa = ask.get("coin"), ask.get("nSigFigs"), ask.get("mantissa")
        if not isinstance(coin, str) or not isinstance(sig_figs, int | None) or not isinstance(mantissa, int | None):
            raise unreadable()
        kind = BookKind(sig_figs, mantissa)
        if not self._venue.exists(coin) or not kind.exists:
            return None
        listing = self._venue.named(coin)
        block_ms = self._venue.block_ms(None if listing is None else listing.market)
        if listing is None:
            return {"coin": coin, "time": block_ms, "levels": [[], []]}
        return orjson.Fragment(rows.l2_book(self._venue.rest, listing, block_ms, ask["type"], kind))


def _asked(call: Call) -> Ask:
    """What a request asks, if that can be read."""
    return json_object(call.body) or {}


def _action_weight(ask: Ask) -> int:
    """One, and one more for each forty orders."""
    action = ask.get("action")
    if not isinstance(action, dict):
        return _ACTION_WEIGHT
    batches = [action[key] for key in ("orders", "cancels", "modifies") if isinstance(action.get(key), list)]
    return _ACTION_WEIGHT + sum(len(batch) for batch in batches) // _PER_BATCH


def _body(call: Call) -> Ask:
    if call.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, b"Expected request with `Content-Type: application/json`")
    try:
        ask = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        raise Refused(400, b"Failed to parse the request body as JSON") from None
    if not isinstance(ask, dict):
        raise unreadable()
    return ask


def _margin_tables(listings: list[Listing]) -> list[Any]:
    found: list[Any] = [[tables.TIERED_TABLE, _margin_table("tiered 40x", [("0.0", 40), ("150000000.0", 20)])]]
    leverages = sorted({x.extra["max_leverage"] for x in listings})
    return [*found, *([leverage, _margin_table("", [("0.0", leverage)])] for leverage in leverages)]


def _margin_table(description: str, tiers: list[tuple[str, int]]) -> dict[str, Any]:
    return {
        "description": description,
        "marginTiers": [{"lowerBound": bound, "maxLeverage": leverage} for bound, leverage in tiers],
    }


def _dex_row(dex: tables.Dex) -> dict[str, Any]:
    names = [f"{dex.name}:{perp.name}" for perp in dex.perps]
    return {
        "name": dex.name,
        "fullName": dex.full_name,
        "deployer": tables.address(f"deployer/{dex.name}", 40),
        "oracleUpdater": None,
        "feeRecipient": tables.address(f"fees/{dex.name}", 40),
        "assetToStreamingOiCap": [[name, "50000000.0"] for name in names],
        "subDeployers": [],
        "assetToFundingMultiplier": [[name, "0.5"] for name in names],
        "assetToFundingInterestRate": [],
        "assetToFundingClamp": [[name, "0.0003"] for name in names],
    }


def _token_row(index: int, token: tables.Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "szDecimals": token.sz_decimals,
        "weiDecimals": 8 if token.sz_decimals > 4 or index == 0 else 5 + token.sz_decimals,
        "index": index,
        "tokenId": tables.address(f"token/{index}", 32),
        "isCanonical": index in (0, 1),
        "evmContract": None,
        "fullName": token.full_name,
        "deployerTradingFeeShare": "0.0",
    }


def _pair_row(index: int, base: int, quote: int) -> dict[str, Any]:
    name = tables.pair_name(index)
    return {"tokens": [base, quote], "name": name, "index": index, "isCanonical": name in tables.CANONICAL}
