"""Where Bitget listens. There is no testnet: it stands for demo trading, whose REST host is production's.

Source: Bitget UTA API docs, Quick Start ("Domain Name", "Demo Trading"); classic API docs, "Websocket API".
"""

from __future__ import annotations

from collections.abc import Mapping

from arbtui.venues.base import Environment

REST_HOST = "api.bitget.com"
REST = f"https://{REST_HOST}"

_SOCKET_HOST = {
    Environment.PROD: "wss://ws.bitget.com",
    Environment.DEMO: "wss://wspap.bitget.com",
    Environment.TESTNET: "wss://wspap.bitget.com",
}
PUBLIC_SOCKET = {env: f"{host}/v2/ws/public" for env, host in _SOCKET_HOST.items()}
CLASSIC_SOCKET = {env: f"{host}/v2/ws/private" for env, host in _SOCKET_HOST.items()}
PRIVATE_SOCKET = {env: f"{host}/v3/ws/private" for env, host in _SOCKET_HOST.items()}


def demo_headers(env: Environment) -> Mapping[str, str]:
    """What a request says that is meant for demo trading. Keys of the one are refused by the other."""
    return {} if env is Environment.PROD else {"PAPTRADING": "1"}
