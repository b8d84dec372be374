"""Who signed an action: Hyperliquid's two ways of signing, read from scratch.

**L1 actions** (orders, cancels, leverage). ``msgpack(action) + nonce (8 bytes, big endian) + vault (00, or 01 and its
20 bytes) + expiry (nothing, or 00 and 8 bytes)``; the Keccak-256 of that is the ``connectionId`` of an EIP-712 message
``Agent(string source,bytes32 connectionId)`` in the domain Exchange, 1, chain 1337. ``source`` is "a" on mainnet, "b"
on testnet; the official SDK says "b" on every address but the real one, ccxt says "a" unless in sandbox mode, so both
are tried and the one counts that leads to a known signer.

**User-signed actions** (approving agents and fees). The fields themselves are the message, in the domain
HyperliquidSignTransaction, 1, with the chain id that the action names.

The venue hashes its own form of the action (``actions.canonical``), not the bytes that came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from coincurve import PrivateKey, PublicKey
from Crypto.Hash import keccak

_ZERO = "0x" + "0" * 40
_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_AGENT = (("source", "string"), ("connectionId", "bytes32"))
SOURCES = ("a", "b")
Types = Sequence[tuple[str, str]]


class Unrecoverable(Exception):
    """Numbers that are no signature of anything."""


class Signature(NamedTuple):
    """``v`` is 27 or 28."""

    r: int
    s: int
    v: int


def keccak256(data: bytes) -> bytes:
    return bytes(keccak.new(digest_bits=256, data=data).digest())


# -- EIP-712 -----------------------------------------------------------------------------------------------------------


def typed_digest(domain: dict[str, Any], kind: str, types: Types, message: dict[str, Any]) -> bytes:
    """What is signed: ``keccak(0x1901, domain, message)``. Flat structs only, which is all that Hyperliquid has."""
    domain_hash = _struct("EIP712Domain", _DOMAIN, domain)
    return keccak256(b"\x19\x01" + domain_hash + _struct(kind, types, message))


def _struct(kind: str, types: Types, values: dict[str, Any]) -> bytes:
    spelled = f"{kind}({','.join(f'{type_} {name}' for name, type_ in types)})"
    return keccak256(keccak256(spelled.encode()) + b"".join(_word(type_, values[name]) for name, type_ in types))


def _word(type_: str, value: Any) -> bytes:
    """One value as 32 bytes."""
    match type_:
        case "string":
            return keccak256(str(value).encode())
        case "bytes32":
            return bytes(value)
        case "address":
            return bytes(12) + bytes.fromhex(str(value).removeprefix("0x"))
    return int(value).to_bytes(32, "big")


# -- Hyperliquid's two kinds -------------------------------------------------------------------------------------------


def connection_id(action: dict[str, Any], nonce: int, vault: str | None, expires_ms: int | None) -> bytes:
    """The hash of an L1 action in its canonical form; ``vault``: 40 hexadecimal digits."""
    data = msgspec.msgpack.encode(action) + nonce.to_bytes(8, "big")
    data += b"\x00" if vault is None else b"\x01" + bytes.fromhex(vault)
    if expires_ms is not None:
        data += b"\x00" + expires_ms.to_bytes(8, "big")
    return keccak256(data)


def l1_digest(connection: bytes, source: str) -> bytes:
    domain = {"name": "Exchange", "version": "1", "chainId": 1337, "verifyingContract": _ZERO}
    return typed_digest(domain, "Agent", _AGENT, {"source": source, "connectionId": connection})


def user_digest(kind: str, types: Types, action: dict[str, Any], chain_id: int) -> bytes:
    domain = {
        "name": "HyperliquidSignTransaction",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": _ZERO,
    }
    return typed_digest(domain, f"HyperliquidTransaction:{kind}", types, action)


# -- keys --------------------------------------------------------------------------------------------------------------


def signer_of(digest: bytes, signature: Signature) -> str:
    """The address whose key signed ``digest``, lower-case; raises ``Unrecoverable``."""
    try:
        packed = signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big") + bytes([signature.v - 27])
        key = PublicKey.from_signature_and_message(packed, digest, hasher=None)
    except (OverflowError, ValueError) as broken:
        raise Unrecoverable from broken
    return _address(key)


def address_of(private_key: str) -> str:
    """The address of a key written as ``0x`` and 64 hexadecimal digits, lower-case."""
    return _address(PrivateKey.from_hex(private_key.removeprefix("0x")).public_key)


def _address(key: PublicKey) -> str:
    return "0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex()
