"""Looking for what must not be there: a secret in every dress, what proves who we are, all that a run left behind."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

IS = r"[\"']?\s*[:=,]\s*[\"']?"  # between a name and its value, in headers, addresses, JSON and Python
PROOFS = tuple(  # what proves who we are, as each exchange names it on the wire
    re.compile(pattern.encode())
    for pattern in (
        rf"signature{IS}[\w%]{{16,}}",
        rf"listenKey{IS}\w{{32,}}",
        r"/ws/\w{32,}",  # an address with a listenKey
        rf"(?i)X-MBX-APIKEY{IS}\w{{16,}}",
        rf"(?i)ACCESS-(?:SIGN|KEY|PASSPHRASE){IS}[\w+/=-]{{8,}}",
        rf"(?i)X-BAPI-(?:SIGN|API-KEY){IS}\w{{16,}}",
        rf"\"sign\"{IS}[\w+/=-]{{8,}}",
        r"\"signature\":\s*\{",
    )
)


def spellings(secret: str) -> set[bytes]:
    """As it is, as hex, as it stands in an address, as base64 at any alignment; a private key also as its bytes."""
    raw, in_hex = secret.encode(), secret.encode().hex()
    found = {raw, in_hex.encode(), in_hex.upper().encode(), quote(secret, "").encode(), quote_plus(secret).encode()}
    if secret.startswith("0x"):
        found |= {raw[2:], base64.b64encode(bytes.fromhex(secret[2:]))}
    for ahead in range(3):
        packed = base64.b64encode(b"\0" * ahead + raw)
        inside = packed[-(-8 * ahead // 6) : len(packed) - 4]
        found |= {inside, inside.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def left_behind(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, by its name; what is packed is unpacked, though it be torn."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".gz":
                data = zlib.decompressobj(wbits=31).decompress(data)
            yield str(path.relative_to(folder)), data


def no_secret_in(said: Mapping[str, bytes], planted: Mapping[str, str]) -> None:
    """``said``: all that was written, by where; ``planted``: secrets by name."""
    for where, data in said.items():
        for name, secret in planted.items():
            assert not [one for one in spellings(secret) if one in data], f"{name} stands in {where}"
        for proof in PROOFS:
            assert (match := proof.search(data)) is None, f"{match.group()[:40]!r} stands in {where}"
