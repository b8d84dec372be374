"""What signatures of simulated accounts are made and compared with."""

from __future__ import annotations

import base64
import hashlib
import hmac

from arbtui.sim.accounts import Account


def hex_of(account: Account, origin: bytes) -> str:
    """HMAC-SHA256 of ``origin`` by the account's secret, in hex."""
    return _digest(account, origin).hex()


def base64_of(account: Account, origin: bytes) -> str:
    """The same in base64."""
    return base64.b64encode(_digest(account, origin)).decode()


def equal(ours: str, theirs: str) -> bool:
    """In a time that tells nothing of where they differ."""
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _digest(account: Account, origin: bytes) -> bytes:
    return hmac.new(account.keys.api_secret.encode(), origin, hashlib.sha256).digest()
