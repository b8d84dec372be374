"""What a run shows to the rules of alerts: nothing before somebody listens, everything from then on."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from arbtui.config import NotifySecrets, Settings
from arbtui.config.alerting import Notify
from arbtui.core.alerts import Alert, AlertKind
from arbtui.core.events import Funding
from arbtui.core.status import FeedState
from arbtui.engine import notifying
from arbtui.engine.check_lines import Verdict
from arbtui.engine.notifying import channels_of, notifier_of, tried
from arbtui.headless import Headless
from arbtui.net.gateway import NetworkSettings
from arbtui.port import SetSetting
from tests.headless_support import Bench, a_status, printed
from tests.money_support import MoneyBench

SECRETS = NotifySecrets(SecretStr("http://127.0.0.1:1/T0KEN"), (SecretStr("tgram://T0KEN/1"),))
NETWORK = NetworkSettings()


@pytest.fixture
def bench(tmp_path: Path) -> MoneyBench:
    return MoneyBench(tmp_path)


def heard(bench: Bench) -> list[Alert]:
    told: list[Alert] = []
    bench.desk.on_alert(told.append)
    return told


def kinds(told: list[Alert]) -> set[str]:
    return {alert.kind.value for alert in told}


def set_levels(bench: Bench, text: str) -> None:
    outcome = bench.desk.send(SetSetting("alerts.levels", text))
    assert outcome.accepted, outcome.text


def lively(bench: MoneyBench, seconds: int) -> None:
    for _ in range(seconds):
        bench.everything()
        bench.advance(1.0)


def test_nothing_is_watched_before_somebody_listens(bench: MoneyBench) -> None:
    set_levels(bench, '["BTC > 1"]')
    lively(bench, 40)
    assert list(bench.desk.alerts) == []
    assert len(bench.desk.history("BTC", 600.0).known()) == 0


def test_a_raised_signal_is_an_alert(bench: MoneyBench) -> None:
    told = heard(bench)
    lively(bench, 40)
    signals = [alert for alert in told if alert.kind is AlertKind.SIGNAL]
    assert [alert.subject for alert in signals] == ["BTC"]
    assert signals[0].fields["id"] == bench.desk.signals[0].id
    assert list(bench.desk.alerts) == told


def test_a_level_set_while_it_runs_is_told_from_the_median_of_fresh_quotes(bench: MoneyBench) -> None:
    told = heard(bench)
    set_levels(bench, '["BTC > 100.1", "BTC > 100.9"]')
    lively(bench, 2)  # mids 100.05, 101.05 and 100.1
    assert [alert.text for alert in told if alert.kind is AlertKind.LEVEL] == ["BTC is at 100.1, at or above 100.1"]
    bench.advance(60.0)  # quotes grow old: no price, and nothing to tell
    set_levels(bench, '["BTC > 50"]')
    bench.clock.advance_to(bench.now + 3_000_000_000)
    assert "at or above 50" not in told[-1].text


def test_a_level_that_is_none_is_refused_and_none_is_watched(bench: MoneyBench) -> None:
    for wrong in ('["BTC = 5"]', '["BTC > 0"]', '["BTC"]', "5"):
        assert not bench.desk.send(SetSetting("alerts.levels", wrong)).accepted


def test_a_feed_that_is_down_is_told_after_its_time(bench: MoneyBench) -> None:
    told = heard(bench)
    bench.advance(2.0)
    bench.feeds[:] = [a_status("binance", FeedState.DOWN, "connection refused")]
    bench.advance(15.0)
    told[:] = [alert for alert in told if alert.kind is AlertKind.VENUE]
    assert [alert.text for alert in told] == ["binance perp is down: connection refused"]
    bench.feeds[:] = [a_status("binance")]
    bench.advance(2.0)
    assert told[-1].text.startswith("binance perp is back after")


def test_every_funding_rate_has_its_turn(bench: MoneyBench) -> None:
    told = heard(bench)
    lively(bench, 35)
    bench.board.apply(Funding(bench.binance.id, bench.now, "-0.0004", "estimated", 8.0, 0))
    for _ in range(31):
        bench.advance(1.0)
    (alert,) = [alert for alert in told if alert.kind is AlertKind.FUNDING]
    assert alert.subject == "binance.perp.BTCUSDT"
    assert alert.fields == {"base": "BTC", "rate_per_h_bps": pytest.approx(-0.5)}


def test_the_carry_of_an_open_hedge_is_watched_from_the_side_of_its_legs(bench: MoneyBench) -> None:
    hedge = bench.hedged()  # long on Binance at +0.125 bps an hour, short on OKX at -1: it pays on both
    told = heard(bench)
    bench.advance(2.0)
    bench.board.apply(Funding(bench.okx.id, bench.now, "0.0008", "estimated", 4.0, 0))
    bench.advance(2.0)
    (alert,) = [alert for alert in told if alert.subject == hedge]
    assert alert.text == f"BTC carry of {hedge} has turned: it now earns funding, +1.875 bps an hour"


def test_a_spread_far_above_its_history_is_told(bench: MoneyBench) -> None:
    told = heard(bench)
    assert bench.desk.send(SetSetting("alerts.spread_jump_bps", "20")).accepted

    def market(okx_bid: str, seconds: int) -> None:
        for _ in range(seconds):
            bench.everything()
            bench.quote(bench.okx, okx_bid, "150", "101.30", "200")
            bench.advance(1.0)

    market("101.0", 200)
    assert "spread" not in kinds(told)
    market("101.25", 40)
    (alert,) = [alert for alert in told if alert.kind is AlertKind.SPREAD]
    assert (alert.subject, alert.fields["base"]) == ("BTC", "BTC")


def test_alarms_and_doubts_of_hedges_are_told_whatever_is_chosen(bench: MoneyBench) -> None:
    assert bench.desk.send(SetSetting("alerts.kinds", "[]")).accepted
    told = heard(bench)
    hedge = bench.open()
    bench.fills("binance")
    bench.silent("okx")
    bench.advance(2.0)
    assert kinds(told) == {"hedge"}
    assert all(alert.subject == hedge and alert.text.startswith(f"BTC {hedge}: ") for alert in told)
    assert any("in doubt" in alert.text for alert in told)
    bench.trading.kill("a person")
    assert (told[-1].subject, told[-1].text) == ("", "kill switch: a person")


def test_what_was_said_before_somebody_listened_to_orders_is_told_too(bench: MoneyBench) -> None:
    bench.trading.kill("a person")
    told = heard(bench)
    assert [alert.text for alert in told] == ["kill switch: a person"]


async def test_alerts_are_lines_where_they_are_asked_for(tmp_path: Path) -> None:
    def act(each: Bench) -> None:
        set_levels(each, '["BTC > 1"]')
        each.everything()
        each.advance(2.0)

    lines = await printed(Bench(tmp_path), Headless(emit=frozenset({"alert"})), act)
    assert {line["kind"] for line in lines} == {"level", "signal"}
    assert lines[0] == {
        "type": "alert",
        "t_ns": lines[0]["t_ns"],
        "kind": "level",
        "subject": "BTC > 1",
        "text": "BTC is at 100.1, at or above 1",
        "fields": {"base": "BTC", "price": pytest.approx(100.1), "level": 1.0, "above": True},
    }


# channels


def test_each_configured_channel_is_one_and_none_says_its_address() -> None:
    settings = Settings(notify=Notify(command=("true",)))
    names = [channel.name for channel in channels_of(settings, SECRETS, NETWORK)]
    assert names == ["webhook", "command", "apprise 1 (tgram)"]
    assert "T0KEN" not in repr(SECRETS)
    assert channels_of(Settings(), NotifySecrets(), NETWORK) == []


def test_a_library_that_is_missing_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "apprise_is_there", lambda: False)
    said: list[str] = []
    secrets = NotifySecrets(apprise=SECRETS.apprise)
    made = notifier_of(Settings(), secrets, NETWORK, mode="PAPER", say=lambda level, text: said.append(text))
    assert made is None
    assert said == [
        'alerts do not leave by apprise: the apprise library is not installed: pip install "arbtui[notify]"'
    ]


async def test_each_channel_is_tried_and_has_a_line() -> None:
    settings = Settings(notify=Notify(command=("false",), tries=1))
    secrets = NotifySecrets(SECRETS.webhook_url)
    lines = await tried(channels_of(settings, secrets, NETWORK), "CHECK")
    assert [(line.concern, line.verdict) for line in lines] == [("webhook", Verdict.BAD), ("command", Verdict.BAD)]
    assert "T0KEN" not in "".join(line.text for line in lines)
    (line,) = await tried(channels_of(Settings(notify=Notify(command=("true",))), NotifySecrets(), NETWORK), "CHECK")
    assert (line.verdict, line.text) == (Verdict.OK, "took the test message")
