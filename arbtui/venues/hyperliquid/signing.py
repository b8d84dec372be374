"""How Hyperliquid knows who acts: by the signature of a wallet under each action, made of what the action says.

    hash    = keccak(msgpack(action) + nonce + account it acts for, if another + time after which it is void, if any)
    message = Agent{source: "a" on mainnet, "b" on testnet; connectionId: hash}, signed as EIP-712 demands

The venue packs anew what it has read and hashes that; so numbers have to be written as it writes them, addresses and
client ids in lower case, and the members of an action stand in its order. A signature over anything else recovers to
some other wallet, of which the venue then says that it does not exist.

The wallet is best an agent's (the web site calls it API wallet): it trades for the account and cannot withdraw. Nothing
is read under its own address, which owns nothing; so the account's address is a credential of its own.

A nonce is a time in milliseconds that no action of the wallet has used. Of each wallet the venue keeps the 100 highest;
a new one is above the least of these, within two days before and one after its clock. Source: Hyperliquid docs,
"Signing", "Nonces and API wallets", "Exchange endpoint".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from arbtui.core.errors import RefusalReason, VenueRefused
from arbtui.venues.base import Environment
from arbtui.venues.eip712 import (
    Signature,
    Wallet,
    address_bytes,
    address_word,
    is_address,
    keccak256,
    number_word,
    struct_hash,
    text_word,
    typed_digest,
)
from arbtui.venues.private import Keys

KEY_FIELDS = ("private_key", "address")

_NO_CONTRACT = "0x" + "0" * 40
_CHAIN_ID = 1337
_DOMAIN = struct_hash(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    text_word("Exchange"),
    text_word("1"),
    number_word(_CHAIN_ID),
    address_word(_NO_CONTRACT),
)
_AGENT = "Agent(string source,bytes32 connectionId)"

Action = Mapping[str, Any]  # of maps, lists, texts, booleans and whole numbers, in the venue's order


def wallet_of(keys: Keys) -> Wallet:
    """What signs. Raises ValueError, which does not quote it, for a private key that is none."""
    try:
        return Wallet(keys["private_key"])
    except ValueError as wrong:
        raise ValueError(f"hyperliquid.private_key in the credentials is no private key: {wrong}") from None


def account_of(keys: Keys) -> str:
    """The address of the account that is traded on and read, lower-case.

    Raises VenueRefused for a text that is none: it is not sent, because it may be a key in the wrong place.
    """
    address = keys["address"]
    if not is_address(address):
        raise VenueRefused(
            "hyperliquid.address in the credentials is no address (0x and 40 hexadecimal digits); nothing was asked",
            reason=RefusalReason.NOT_AUTHORISED,
        )
    return address.lower()


class Nonces:
    """Rises with every nonce that it gives, whatever the clock does. One for all wallets does no harm."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, stamp_ms: int) -> int:
        self._last = max(stamp_ms, self._last + 1)
        return self._last


def action_hash(action: Action, nonce: int, vault: str | None = None, expires_ms: int | None = None) -> bytes:
    """``vault``: the vault or sub-account that the wallet acts for; ``expires_ms``: void after that."""
    data = msgspec.msgpack.encode(action) + nonce.to_bytes(8, "big")
    data += b"\x00" if vault is None else b"\x01" + address_bytes(vault)
    if expires_ms is not None:
        data += b"\x00" + expires_ms.to_bytes(8, "big")
    return keccak256(data)


def sign_action(
    wallet: Wallet,
    env: Environment,
    action: Action,
    nonce: int,
    *,
    vault: str | None = None,
    expires_ms: int | None = None,
) -> Signature:
    source = "a" if env is Environment.PROD else "b"
    message = struct_hash(_AGENT, text_word(source), action_hash(action, nonce, vault, expires_ms))
    return wallet.sign(typed_digest(_DOMAIN, message))


def signed_body(
    wallet: Wallet, env: Environment, action: Action, nonce: int, *, expires_ms: int | None = None
) -> bytes:
    """What is posted to act for the wallet's own account."""
    signature = sign_action(wallet, env, action, nonce, expires_ms=expires_ms)
    return msgspec.json.encode(
        {
            "action": action,
            "nonce": nonce,
            "signature": {"r": f"0x{signature.r:064x}", "s": f"0x{signature.s:064x}", "v": signature.v},
            "vaultAddress": None,
            "expiresAfter": expires_ms,
        }
    )
