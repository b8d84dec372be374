"""Where an address really leads: a person's relay for one host, or a gateway (the simulator) that stands for all hosts.

The venue's own address stays the name of a connection everywhere else: in recordings, in budgets, in sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

_SOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_WEB_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True)
class NetworkSettings:
    """How venues are reached. ``urls``: host as the venue documents it -> base address called in its place."""

    gateway: str | None = None
    family: Literal["auto", "ipv4", "ipv6"] = "auto"
    proxy: str | None = None  # http:// or https:// address; never used for an address on this machine
    compression: bool = False
    urls: Mapping[str, str] = field(default_factory=dict)

    def address(self, url: str) -> str:
        """The address to open for the venue's ``url``."""
        return rewrite(replace_host(url, self.urls), self.gateway)

    def proxy_for(self, address: str) -> str | None:
        return None if is_local(address) else self.proxy


def rewrite(url: str, gateway: str | None) -> str:
    """``url`` behind ``gateway``, the host as first path element and its port dropped; ``url`` itself without one.

    ``wss://stream.binance.com:9443/ws`` -> ``ws://127.0.0.1:8080/stream.binance.com/ws``.
    """
    if not gateway:
        return url
    host = urlsplit(url).hostname or ""
    return _on_base(url, gateway, f"/{host}")


def replace_host(url: str, urls: Mapping[str, str]) -> str:
    """``url`` on the base address that ``urls`` names for its host (http and https serve sockets as ws and wss)."""
    base = urls.get(urlsplit(url).hostname or "")
    return _on_base(url, base, "") if base else url


def is_local(address: str) -> bool:
    """Whether ``address`` is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _on_base(url: str, base: str, prefix: str) -> str:
    original, target = urlsplit(url), urlsplit(base)
    schemes = _SOCKET_SCHEMES if original.scheme in ("ws", "wss") else _WEB_SCHEMES
    path = target.path.rstrip("/") + prefix + original.path
    return original._replace(scheme=schemes[target.scheme], netloc=target.netloc, path=path).geturl()
