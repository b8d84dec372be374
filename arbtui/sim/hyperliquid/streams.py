"""Hyperliquid's public feeds, each at the pace that was measured on the wire in September 2026.

``bbo``: each block in which it changed, never the same twice. ``trades``: each block with trades; twenty seconds of the
past to begin with. ``l2Book``: whole books on one clock for all coins, sent
again unchanged; 5 levels each half second (fast) or 20 each five seconds. ``fastAssetCtxs``: mark and mid of everything
each second, the first frame whole and then what changed. ``allMids`` 5 s, ``activeAssetCtx`` 1 s, ``allDexsAssetCtxs``
13.6 s. All but ``bbo`` of what has no book show the present state at once to whoever subscribes.
"""

from __future__ import annotations

import base64
import zlib
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Channel, Payload, Reason, Session, Topic, TradeTopic
from arbtui.sim.hyperliquid import rows, tables
from arbtui.sim.hyperliquid.rows import BookKind
from arbtui.sim.listing import Listing, Print
from arbtui.sim.view import Quote

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid

CHANNELS: dict[str, Channel] = {
    "bbo": "bbo",
    "l2Book": "book",
    "trades": "other",
    "fastAssetCtxs": "mark",
    "activeAssetCtx": "mark",
    "allMids": "ticker",
    "allDexsAssetCtxs": "funding",
}
Fields = dict[str, str | None]


def key_of(subscription: dict[str, Any]) -> str:
    """What tells one stream from another: its subscription as the venue writes it."""
    return orjson.dumps(subscription).decode()


def book_kind(subscription: dict[str, Any]) -> BookKind:
    return BookKind(subscription["nSigFigs"], subscription["mantissa"], fast=subscription["fast"])


def make(venue: Hyperliquid, subscription: dict[str, Any]) -> Topic:
    """The stream of a subscription whose defaults are filled in and whose names exist."""
    match subscription:
        case {"type": "bbo", "coin": coin}:
            return Bbo(venue, coin)
        case {"type": "l2Book", "coin": coin}:
            return L2Book(venue, coin, book_kind(subscription))
        case {"type": "trades", "coin": coin}:
            listing = venue.named(coin)
            return NoTrades(venue, coin) if listing is None else Trades(venue, listing)
        case {"type": "activeAssetCtx", "coin": coin}:
            return ActiveAssetCtx(venue, coin)
        case {"type": "allMids"}:
            return AllMids(venue, subscription.get("dex") or "")
        case {"type": "fastAssetCtxs"}:
            return FastAssetCtxs(venue)
        case {"type": "allDexsAssetCtxs"}:
            return AllDexsAssetCtxs(venue)
    raise ValueError(f"{subscription} is no public feed")


class Feed(Topic):
    """A stream whose frames each show the present state.

    ``coin`` is a name that exists; ``of`` its instrument unless it is a dead pair.
    """

    def __init__(self, venue: Hyperliquid, wire: str, period_ms: int, coin: str = "", *, always: bool = False) -> None:
        super().__init__(venue, wire, venue.named(coin), period_ms=period_ms, always=always)
        self.hyperliquid = venue
        self.coin = coin
        self.of = self.listing

    def greet(self, session: Session) -> None:
        self.send_to(session, self.now())

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        return self.now()

    @abstractmethod
    def now(self) -> str | None:
        """The present state as one frame."""

    def block_ms(self) -> int:
        return self.hyperliquid.block_ms(self.market)


class Bbo(Feed):
    """Best bid and ask, each null where nobody quotes."""

    channel = "bbo"

    def __init__(self, venue: Hyperliquid, coin: str) -> None:
        super().__init__(venue, "bbo", tables.BLOCK_MS, coin)
        self._shown: Quote | None = None

    def greet(self, session: Session) -> None:
        if self.of is not None and rows.has_book(self.of):
            super().greet(session)

    def now(self) -> str | None:
        if self.of is None:
            return None
        bid = ask = "null"
        if rows.has_book(self.of):
            quote = self.view.quote(self.of, self.wire)
            bid, ask = rows.best(quote.bid, quote.bid_size), rows.best(quote.ask, quote.ask_size)
        return f'{{"channel":"bbo","data":{{"coin":"{self.coin}","time":{self.block_ms()},"bbo":[{bid},{ask}]}}}}'

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if self.of is None:
            return None
        if not rows.has_book(self.of):
            self._shown = None
            return self.now()
        quote = self.view.quote(self.of, self.wire)
        if self._shown is not None and quote[:4] == self._shown[:4]:
            return None
        self._shown = quote
        return self.now()


class L2Book(Feed):
    """Whole books."""

    channel = "book"

    def __init__(self, venue: Hyperliquid, coin: str, kind: BookKind) -> None:
        super().__init__(venue, "l2Book", tables.FAST_BOOK_MS if kind.fast else tables.SLOW_BOOK_MS, coin, always=True)
        self._kind = kind
        if self.of is not None:
            self.of.watch()

    def now(self) -> str:
        block_ms = self.block_ms()
        if self.of is None:
            fast = ',"fast":true' if self._kind.fast else ""
            book = f'{{"coin":"{self.coin}","time":{block_ms},"levels":[[],[]]{fast}}}'
        else:
            book = rows.l2_book(self.view, self.of, block_ms, self.wire, self._kind)
        return f'{{"channel":"l2Book","data":{book}}}'


class Trades(TradeTopic):
    """Public trades, oldest first."""

    def __init__(self, venue: Hyperliquid, listing: Listing) -> None:
        super().__init__(venue, "trades", listing, period_ms=tables.BLOCK_MS)

    def greet(self, session: Session) -> None:
        if past := self.past(tables.TRADES_AGAIN_S):
            self.send_to(session, self.trades(past))

    def trades(self, prints: list[Print]) -> Payload:
        return f'{{"channel":"trades","data":[{",".join([self._row(one) for one in prints])}]}}'

    def _row(self, one: Print) -> str:
        native, number = self.of.native, one.number
        users = [tables.address(f"{native}/{number}/{side}", 40) for side in ("buyer", "seller")]
        return (
            f'{{"coin":"{native}","side":"{"B" if one.buy else "A"}","px":"{self.of.price(one.price)}",'
            f'"sz":"{self.of.size(one.lots)}","hash":"{tables.address(f"{native}/{number}", 64)}",'
            f'"time":{self.print_ms(one)},"tid":{self.of.salt << 20 | number},"users":["{users[0]}","{users[1]}"]}}'
        )


class NoTrades(Feed):
    """Those of a dead pair: there are none."""

    def __init__(self, venue: Hyperliquid, coin: str) -> None:
        super().__init__(venue, "trades", tables.BLOCK_MS, coin)

    def now(self) -> str | None:
        return None


class ActiveAssetCtx(Feed):
    """One coin's context; a pair's comes under another channel than it was asked for."""

    channel = "mark"

    def __init__(self, venue: Hyperliquid, coin: str) -> None:
        super().__init__(venue, "activeAssetCtx", tables.CTX_MS, coin, always=True)

    def now(self) -> str | None:
        if self.of is None:
            return None
        spot = self.of.market == "spot"
        ctx = (rows.spot_ctx if spot else rows.perp_ctx)(self.view, self.of, self.wire)
        channel = "activeSpotAssetCtx" if spot else "activeAssetCtx"
        return orjson.dumps({"channel": channel, "data": {"coin": self.coin, "ctx": ctx}}).decode()


class AllMids(Feed):
    """Mids of a dex; with the first one those of spot and of prediction markets. What has no mid is not in it."""

    channel = "ticker"

    def __init__(self, venue: Hyperliquid, dex: str) -> None:
        super().__init__(venue, "allMids", tables.MIDS_MS, always=True)
        self._dex = dex

    def now(self) -> str:
        mids = all_mids(self.hyperliquid, self._dex, lambda x: rows.mid_of(self.view, x, self.wire), self.rows)
        data: dict[str, Any] = {"dex": self._dex, "mids": mids} if self._dex else {"mids": mids}
        return orjson.dumps({"channel": "allMids", "data": data}).decode()


def all_mids(
    venue: Hyperliquid,
    dex: str,
    mid_of: Callable[[Listing], str | None],
    chosen: Callable[[list[Listing]], Any] = iter,
) -> dict[str, str]:
    """``{"BTC":"80868.5", ...}``."""
    listings = venue.dexes[dex] if dex else [*venue.dexes[""], *venue.live_pairs()]
    found = {x.native: mid for x in chosen(listings) if (mid := mid_of(x)) is not None}
    return found if dex else {**found, **tables.OUTCOMES}


class FastAssetCtxs(Topic):
    """Mark and mid of everything: raw deflate in base64. Frames tell what changed since the one before."""

    channel = "mark"

    def __init__(self, venue: Hyperliquid) -> None:
        super().__init__(venue, "fastAssetCtxs", period_ms=tables.CTX_MS, always=True)
        self.hyperliquid = venue
        self._shown: dict[str, Fields] = {}

    def greet(self, session: Session) -> None:
        """Everything that the others hold, so that the next frame leads on from it."""
        if len(self.subscribers) == 1:
            self._shown = self._everything()
        self.send_to(session, _packed(self._shown))

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        changed: dict[str, Fields] = {}
        for name, fields in self._everything().items():
            shown = self._shown.setdefault(name, {})
            news = {key: value for key, value in fields.items() if key not in shown or shown[key] != value}
            if news:
                changed[name] = news
                shown.update(news)
        return _packed(changed) if changed else None

    def _everything(self) -> dict[str, Fields]:
        venue, view = self.hyperliquid, self.view
        found: dict[str, Fields] = {
            x.native: {"markPx": rows.marks(view, x, self.wire).mark, "midPx": rows.mid_of(view, x, self.wire)}
            for x in self.rows([*venue.perps(), *venue.live_pairs()])
        }
        for pair in venue.pairs:
            if pair.listing is None:
                ctx = rows.dead_spot_ctx(pair.at)
                found[ctx["coin"]] = {"markPx": ctx["markPx"], "midPx": None}
        found.update({name: {"markPx": price, "midPx": price} for name, price in tables.OUTCOMES.items()})
        return found


def _packed(found: dict[str, Fields]) -> str:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(orjson.dumps(found)) + deflate.flush()
    return f'{{"channel":"fastAssetCtxs","data":"{base64.b64encode(packed).decode()}"}}'


class AllDexsAssetCtxs(Feed):
    """Contexts of all perps by dex and position, without names: a fault on one symbol cannot leave its row out."""

    channel = "funding"

    def __init__(self, venue: Hyperliquid) -> None:
        super().__init__(venue, "allDexsAssetCtxs", tables.ALL_DEXS_MS, always=True)

    def now(self) -> str:
        ctxs = [
            [dex, [rows.perp_ctx(self.view, x, self.wire) for x in listings]]
            for dex, listings in self.hyperliquid.dexes.items()
        ]
        return orjson.dumps({"channel": "allDexsAssetCtxs", "data": {"ctxs": ctxs}}).decode()
