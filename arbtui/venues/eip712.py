"""Signatures of Ethereum wallets: Keccak-256, typed structs (EIP-712), secp256k1.

A wallet signs 32 bytes: keccak(0x1901 + domain + message), where domain and message are each the hash of a struct, that
is keccak(keccak(type) + its members in words of 32 bytes). Several exchanges take such signatures in place of an API
key; what they put into domain and message is their codecs' business. Nonces are those of RFC 6979 and s is the lower of
the two, so that one input has one signature. Source: EIP-712, EIP-2.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from coincurve import PrivateKey
from Crypto.Hash import keccak

_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{64}", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


# --- typed structs ----------------------------------------------------------------------------------------------------


def struct_hash(kind: str, *words: bytes) -> bytes:
    """``kind`` is the type as EIP-712 writes it, ``Agent(string source,bytes32 connectionId)``."""
    return keccak256(keccak256(kind.encode()) + b"".join(words))


def text_word(text: str) -> bytes:
    """A member of type string."""
    return keccak256(text.encode())


def number_word(number: int) -> bytes:
    """A member of an unsigned integer type."""
    return number.to_bytes(32, "big")


def address_word(address: str) -> bytes:
    """A member of type address. Raises ValueError for a text that is none."""
    return bytes(12) + address_bytes(address)


def address_bytes(address: str) -> bytes:
    if not is_address(address):
        raise ValueError("an address is 0x and 40 hexadecimal digits")
    return bytes.fromhex(address[2:])


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def typed_digest(domain: bytes, message: bytes) -> bytes:
    """What is signed, of the hashes of two structs."""
    return keccak256(b"\x19\x01" + domain + message)


# --- wallets ----------------------------------------------------------------------------------------------------------


class Signature(NamedTuple):
    """``v`` is 27 or 28."""

    r: int
    s: int
    v: int


class Wallet:
    """A private key. ``repr`` shows nothing of it."""

    __slots__ = ("_key",)

    def __init__(self, private_key: str) -> None:
        """Raises ValueError, which does not quote it, for a text that is no key."""
        if not _KEY.fullmatch(private_key):
            raise ValueError("a private key is 64 hexadecimal digits, with or without 0x before them")
        self._key = PrivateKey(bytes.fromhex(private_key.removeprefix("0x")))

    @property
    def address(self) -> str:
        """Lower-case, as exchanges answer it."""
        point = self._key.public_key.format(compressed=False)
        return "0x" + keccak256(point[1:])[-20:].hex()

    def sign(self, digest: bytes) -> Signature:
        raw = self._key.sign_recoverable(digest, hasher=None)
        return Signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), 27 + raw[64])

    def __repr__(self) -> str:
        return "Wallet(...)"
