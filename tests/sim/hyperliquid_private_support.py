"""A client of the simulated Hyperliquid's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import orjson
from coincurve import PrivateKey
from Crypto.Hash import keccak

from arbtui.sim.base import Reply, Session
from arbtui.sim.hyperliquid import Hyperliquid
from tests.sim.hyperliquid_support import HyperliquidBench, asked
from tests.sim.support import MS, Wire

EXCHANGE = "https://api.hyperliquid.xyz/exchange"
BTC, SPOT_BTC = 0, 10_142


def hashed(data: bytes) -> bytes:
    return bytes(keccak.new(digest_bits=256, data=data).digest())


def l1_signature(
    key: str, action: Any, nonce: int, *, source: str = "a", vault: str | None = None, expires: int | None = None
) -> dict[str, Any]:
    """By the official description, all steps spelled out and none shared with the simulator."""
    data = msgspec.msgpack.encode(action) + nonce.to_bytes(8, "big")
    data += b"\x00" if vault is None else b"\x01" + bytes.fromhex(vault.removeprefix("0x"))
    data += b"" if expires is None else b"\x00" + expires.to_bytes(8, "big")
    domain = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    separator = hashed(hashed(domain) + hashed(b"Exchange") + hashed(b"1") + (1337).to_bytes(32, "big") + bytes(32))
    agent = hashed(hashed(b"Agent(string source,bytes32 connectionId)") + hashed(source.encode()) + hashed(data))
    return signature(key, hashed(b"\x19\x01" + separator + agent))


def approval_signature(key: str, agent: str, name: str, nonce: int) -> dict[str, Any]:
    """Of ``approveAgent`` on mainnet."""
    domain = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    words = [b"HyperliquidSignTransaction", b"1"]
    separator = hashed(b"".join(map(hashed, [domain, *words])) + (421614).to_bytes(32, "big") + bytes(32))
    kind = (
        b"HyperliquidTransaction:ApproveAgent(string hyperliquidChain,address agentAddress,string agentName,"
        b"uint64 nonce)"
    )
    address = bytes(12) + bytes.fromhex(agent.removeprefix("0x"))
    fields = hashed(b"Mainnet") + address + hashed(name.encode()) + nonce.to_bytes(32, "big")
    return signature(key, hashed(b"\x19\x01" + separator + hashed(hashed(kind) + fields)))


def signature(key: str, digest: bytes) -> dict[str, Any]:
    signed = PrivateKey.from_hex(key.removeprefix("0x")).sign_recoverable(digest, hasher=None)
    return {"r": "0x" + signed[:32].hex(), "s": "0x" + signed[32:64].hex(), "v": 27 + signed[64]}


def cloid(number: int) -> str:
    return f"0x{number:032x}"


class Trader(HyperliquidBench):
    """A bench with Hyperliquid alone and an account to act for. The world stands still unless ``rate`` is given."""

    def __init__(self, account: str = "main", **more: Any) -> None:
        super().__init__(**{"coins": 4, "rate": 0.0, "scenario": "still", **more})
        self.account = account
        venue = self.venue("hyperliquid")
        assert isinstance(venue, Hyperliquid)
        self.sim = venue
        self.desk = venue.private.desk
        self.keys = self.desk.accounts[account].keys
        self._nonce = 0

    # -- actions ---------------------------------------------------------------------------------------------------

    def nonce(self) -> int:
        self._nonce = max(self._nonce + 1, self.t_ns // MS)
        return self._nonce

    def signed(self, action: Any, **more: Any) -> dict[str, Any]:
        """The body of an action; ``more``: nonce, key, source, vault, expires."""
        nonce, key = more.pop("nonce", None) or self.nonce(), more.pop("key", self.keys.api_secret)
        body: dict[str, Any] = {
            "action": action,
            "nonce": nonce,
            "signature": l1_signature(key, action, nonce, **more),
            "vaultAddress": more.get("vault"),
            "expiresAfter": more.get("expires"),
        }
        return body

    def send(self, body: Any) -> Reply:
        reply = self.venue("hyperliquid").handle(asked(orjson.dumps(body), url=EXCHANGE))
        self.hub.flush()
        return reply

    def act(self, action: Any, **more: Any) -> Any:
        """The whole answer to an action."""
        reply = self.send(self.signed(action, **more))
        assert reply.status == 200, reply
        return orjson.loads(reply.body)

    def order(
        self,
        side: str,
        size: str,
        price: str | None = None,
        tif: str = "Ioc",
        *,
        asset: int = BTC,
        reduce: bool = False,
        c: str = "",
    ) -> dict[str, Any]:
        """An order of an action; without a price far enough into the book."""
        order: dict[str, Any] = {
            "a": asset,
            "b": side == "buy",
            "p": (price or self.through(side, asset)).removesuffix(".0"),
            "s": size,
            "r": reduce,
            "t": {"limit": {"tif": tif}},
        }
        return {**order, "c": c} if c else order

    def through(self, side: str, asset: int = BTC) -> str:
        """A price a percent beyond the touch, in five figures."""
        row = self.row("BTC", "spot" if asset >= 10_000 else "perp")
        best = Decimal(row["asks" if side == "buy" else "bids"][0][0]) * Decimal("1.01" if side == "buy" else "0.99")
        return format(best.quantize(Decimal(1).scaleb(max(0, best.adjusted() - 4))).normalize(), "f")

    def place(self, *orders: dict[str, Any]) -> Any:
        """The statuses of orders."""
        body = self.act({"type": "order", "orders": list(orders), "grouping": "na"})
        assert body["status"] == "ok", body
        return body["response"]["data"]["statuses"]

    def cancel(self, *cancels: tuple[int, int]) -> Any:
        body = self.act({"type": "cancel", "cancels": [{"a": asset, "o": oid} for asset, oid in cancels]})
        return body["response"]["data"]["statuses"]

    # -- reads -----------------------------------------------------------------------------------------------------

    def read(self, kind: str, **more: Any) -> Any:
        return self.info(kind, user=self.keys.address, **more)

    def own(self) -> Any:
        """The truth of the account."""
        truth = self.control.truth({"venue": "hyperliquid", "symbol": "BTC"})
        return orjson.loads(orjson.dumps(truth["accounts"]["hyperliquid"][self.account]))

    def listen(self, *kinds: str) -> tuple[Session, Wire]:
        """A socket with these user channels; all it said so far is read."""
        session, wire = self.open()
        for kind in kinds:
            self.subscribe(session, kind, user=self.keys.address)
        self.run(400)
        wire.take()
        return session, wire

    def told(self, wire: Wire, channel: str) -> Sequence[Any]:
        """Data of a channel's frames, once they have travelled."""
        self.run(400)
        return [m["data"] for m in wire.take() if m["channel"] == channel]
