"""`arbtui check --keys` against simulated accounts of every exchange: what it prints, and what it leaves there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from arbtui.config import Credentials, Paths, load
from arbtui.engine import check_keys
from arbtui.net.gateway import NetworkSettings
from arbtui.venues import registry
from tests.sim.support import served

VENUES = registry.names()


class Desk:
    """Simulated accounts, their keys, and the question about them."""

    def __init__(self, client: aiohttp.ClientSession, url: str, folder: Path, keys: dict[str, dict[str, str]]) -> None:
        self._client = client
        self._url = url
        nowhere = folder / "none"
        self.where = Paths(nowhere, folder / "credentials.toml", nowhere, folder, folder)
        self.keys = keys
        self.out = ""

    async def account(self, venue: str, **changes: Any) -> None:
        async with self._client.post("/_sim/accounts", json={"venue": venue, **changes}) as answer:
            assert answer.status == 200, await answer.text()

    async def requests(self, venue: str) -> Mapping[str, int]:
        async with self._client.get("/_sim/truth") as answer:
            counts: Mapping[str, int] = (await answer.json())["accounts"][venue]["main"]["requests"]["counts"]
            return counts

    async def fault(self, name: str, **more: str) -> None:
        async with self._client.post("/_sim/faults", json={"fault": name, **more}) as answer:
            assert answer.status == 200, await answer.text()

    async def orders(self, venue: str) -> list[object]:
        async with self._client.get("/_sim/truth") as answer:
            return list((await answer.json())["accounts"][venue]["main"]["orders"])

    async def check(
        self, capsys: pytest.CaptureFixture[str], *named: str, environ: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, dict[str, tuple[str, str]]]]:
        """The exit code; venue -> concern -> verdict and text (of the last line of that concern)."""
        credentials = Credentials(
            {venue: {name: SecretStr(value) for name, value in fields.items()} for venue, fields in self.keys.items()},
            {(venue, name): "credentials.toml" for venue, fields in self.keys.items() for name in fields},
        )
        settings = load(self.where, VENUES, environ=environ or {}).settings
        network = NetworkSettings(gateway=self._url)
        code = await check_keys.run_check_keys(settings, network, credentials, self.where, named)
        self.out = capsys.readouterr().out
        return code, _parsed(self.out)


def _parsed(out: str) -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    venue = ""
    for line in out.splitlines()[:-1]:
        if not line.startswith(" "):
            venue = line
            found[venue] = {}
        else:
            found[venue][line[7:26].strip()] = (line[2:6].strip(), line[26:])
    return found


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with served(*VENUES, coins=3, rate=0.0) as (server, client):
        async with client.get("/_sim/accounts") as answer:
            found = await answer.json()
        yield Desk(client, server.url, folder, {venue: dict(accounts["main"]) for venue, accounts in found.items()})


async def test_sound_keys_of_every_exchange_could_trade_and_nothing_but_questions_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as one:
        code, found = await one.check(capsys, environ={"ARBTUI_MARKET__SYMBOLS": '["BTC"]'})
        assert set(found) == set(one.keys) == set(VENUES)
        for venue, lines in found.items():
            bad = {concern: text for concern, (verdict, text) in lines.items() if verdict == "bad"}
            # Bitget tells the leverage of a contract only once somebody has set it
            assert set(bad) <= ({"leverage"} if venue == "bitget" else set()), (venue, bad)
            assert lines["withdraw"] == ("ok", "the key may not withdraw")
            assert lines["position mode"] == ("ok", "one-way")
            assert (lines["ends"][0] == "ok") is (venue in ("bybit", "hyperliquid"))  # the others' keys do not end
            assert lines["trade spot"][0] == lines["trade perp"][0] == "ok"
            asked = await one.requests(venue)
            assert asked, venue
            assert all(request.startswith("GET ") or "/info" in request for request in asked), asked
        assert (code == 0) is all(v != "bad" for lines in found.values() for v, _ in lines.values())
        secrets = [value for fields in one.keys.values() for name, value in fields.items() if name != "address"]
        assert not [secret for secret in secrets if secret in one.out]


async def test_what_would_keep_keys_from_trading_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as one:
        await one.account("okx", can_withdraw=True, ips=["127.0.0.1"], dual=True)
        await one.account("bybit", ips=["10.0.0.1"])
        await one.account("hyperliquid", can_trade=False)
        await one.account("binance", key_days=3)
        del one.keys["bitget"]["passphrase"]
        code, found = await one.check(capsys)
        assert code == 1
        assert found["okx"]["withdraw"][0] == "bad"
        assert "REFUSED" in found["okx"]["withdraw"][1]
        assert found["okx"]["addresses"][0] == "ok"
        assert found["okx"]["position mode"][0] == "bad"
        assert found["bybit"]["login"][0] == "bad"
        assert "Unmatched IP" in found["bybit"]["login"][1]
        assert found["hyperliquid"]["trade perp"][0] == "bad"
        assert found["binance"]["ends"] == ("note", "in 3 days; renew the key, or make another, before it does")
        assert found["bitget"]["keys"][0] == "bad"
        assert "passphrase missing" in found["bitget"]["keys"][1]
        assert one.out.splitlines()[-1] == "1 of 5 exchanges could trade with these keys"
        allowed, found = await one.check(capsys, "okx", environ={"ARBTUI_LIVE__ALLOW_WITHDRAW_KEYS": "true"})
        assert (allowed, found["okx"]["withdraw"][0]) == (1, "note")  # it is two-sided still
        await one.account("okx", dual=False)
        allowed, _ = await one.check(capsys, "okx", environ={"ARBTUI_LIVE__ALLOW_WITHDRAW_KEYS": "true"})
        assert allowed == 0


async def test_no_keys_at_all_is_no_success_and_those_without_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as one:
        one.keys = {"binance": one.keys["binance"]}
        code, found = await one.check(capsys)
        assert code == 0
        assert {venue: lines["keys"][0] for venue, lines in found.items()} == dict.fromkeys(VENUES, "--") | {
            "binance": "ok"
        }
        one.keys["binance"]["api_secret"] = "not-the-secret-of-this-key"
        code, found = await one.check(capsys, "binance")
        assert (code, found["binance"]["login"][0]) == (1, "bad")
        assert "not-the-secret" not in one.out
        one.keys.clear()
        code, _ = await one.check(capsys)
        assert code == 1
        assert "no exchange that is enabled has keys" in one.out


async def test_an_exchange_that_does_not_answer_in_time_is_said_and_waited_for_no_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path) as one:
        monkeypatch.setattr(check_keys, "WITHIN_S", 0.0)
        code, found = await one.check(capsys, "okx")
        assert (code, found["okx"]["venue"][0]) == (1, "bad")
        assert "not answered within" in found["okx"]["venue"][1]


async def test_a_limit_that_another_run_used_up_is_waited_for_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_keys, "AGAIN_S", 2.0)
    async with desk(tmp_path) as one:
        for _ in range(2):  # the account's configuration may be asked for five times in two seconds
            code, found = await one.check(capsys, "okx")
            assert code == 0, found


async def test_sockets_for_orders_are_tried_where_they_are_used_and_no_order_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as one:
        environ = {f"ARBTUI_VENUES__{name.upper()}__ORDERS": "socket" for name in VENUES if name != "bybit"}
        _, found = await one.check(capsys, environ=environ)
        lines = {name: of_venue.get("order socket") for name, of_venue in found.items()}
        assert lines["bybit"] is None, "its orders go by REST"
        assert lines["bitget"] == (
            "note", "none for prod: orders go by REST, as without venues.bitget.orders"
        )  # fmt: skip
        for name, says in (
            ("binance", r"spot: connected in \d+ ms, a question answered"),
            ("okx", r"perp and spot: connected in \d+ ms, logged in; it takes orders alone, so nothing was asked"),
            ("hyperliquid", r"perp and spot: connected in \d+ ms, a question answered"),
        ):
            verdict, text = lines[name] or ("", "")
            assert (verdict, bool(re.fullmatch(says, text))) == ("ok", True), text
        assert re.search(r"perp: connected in \d+ ms, a question answered", one.out)
        for name in VENUES:
            assert await one.orders(name) == []


async def test_a_socket_for_orders_that_closes_at_once_is_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path) as one:
        await one.fault("accept_then_close", venue="okx")
        _, found = await one.check(capsys, "okx", environ={"ARBTUI_VENUES__OKX__ORDERS": "socket"})
        verdict, text = found["okx"]["order socket"]
        assert (verdict, text.startswith("perp and spot: "), text.endswith("; orders go by REST while it is so")) == (
            "note",
            True,
            True,
        )
