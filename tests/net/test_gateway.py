"""Addresses behind a gateway or a relay."""

import pytest

from arbtui.net.gateway import NetworkSettings, is_local, replace_host, rewrite

GATEWAY = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("url", "behind"),
    [
        ("https://fapi.binance.com/fapi/v1/time", "http://127.0.0.1:8080/fapi.binance.com/fapi/v1/time"),
        ("wss://stream.binance.com:9443/ws", "ws://127.0.0.1:8080/stream.binance.com/ws"),
        ("https://api.okx.com/a?instType=SWAP&x=1", "http://127.0.0.1:8080/api.okx.com/a?instType=SWAP&x=1"),
        ("wss://ws.bitget.com/v2/ws/public", "ws://127.0.0.1:8080/ws.bitget.com/v2/ws/public"),
        ("https://api.hyperliquid.xyz", "http://127.0.0.1:8080/api.hyperliquid.xyz"),
    ],
)
def test_the_host_becomes_the_first_path_element_and_its_port_is_dropped(url: str, behind: str) -> None:
    assert rewrite(url, GATEWAY) == behind


def test_without_a_gateway_an_address_stays_as_it_is() -> None:
    assert rewrite("wss://stream.binance.com:9443/ws", None) == "wss://stream.binance.com:9443/ws"


def test_a_gateway_with_tls_and_a_path_of_its_own_keeps_both() -> None:
    assert rewrite("wss://a.com/ws", "https://gate.example/x/") == "wss://gate.example/x/a.com/ws"


def test_a_relay_of_one_host_serves_sockets_and_requests_alike() -> None:
    urls = {"fapi.binance.com": "https://relay.example/binance"}
    assert replace_host("https://fapi.binance.com/fapi/v1/time", urls) == "https://relay.example/binance/fapi/v1/time"
    assert replace_host("wss://fapi.binance.com/ws", urls) == "wss://relay.example/binance/ws"
    assert replace_host("wss://other.com/ws", urls) == "wss://other.com/ws"


def test_an_address_on_this_machine_is_never_sent_through_the_proxy() -> None:
    settings = NetworkSettings(gateway=GATEWAY, proxy="http://proxy.example:3128")
    assert settings.proxy_for(settings.address("wss://a.com/ws")) is None
    assert settings.proxy_for("wss://a.com/ws") == "http://proxy.example:3128"
    assert is_local("ws://localhost:1/x")
    assert is_local("http://[::1]:1/")
    assert not is_local("https://localhost.example/")
