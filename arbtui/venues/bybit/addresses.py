"""Where Bybit listens. Accounts of some countries have hosts of their own: a setting rewrites these.

Demo trading is done at production's prices: its host serves REST and the private socket, and nothing public.
Source: Bybit V5 docs, Integration Guidance; WebSocket Stream / Connect; Demo Trading Service.
"""

from __future__ import annotations

from arbtui.venues.base import Environment

REST = {
    Environment.PROD: "https://api.bybit.com",
    Environment.TESTNET: "https://api-testnet.bybit.com",
    Environment.DEMO: "https://api-demo.bybit.com",
}
PUBLIC_SOCKET = {
    Environment.PROD: "wss://stream.bybit.com",
    Environment.TESTNET: "wss://stream-testnet.bybit.com",
    Environment.DEMO: "wss://stream.bybit.com",
}
PRIVATE_SOCKET = {
    Environment.PROD: "wss://stream.bybit.com/v5/private",
    Environment.TESTNET: "wss://stream-testnet.bybit.com/v5/private",
    Environment.DEMO: "wss://stream-demo.bybit.com/v5/private",
}
TRADE_SOCKET = {  # demo trading has none
    Environment.PROD: "wss://stream.bybit.com/v5/trade",
    Environment.TESTNET: "wss://stream-testnet.bybit.com/v5/trade",
}
