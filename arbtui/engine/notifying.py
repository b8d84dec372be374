"""Which channels a run has for its alerts, and `arbtui check --notify`, which tries each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from arbtui.config import NotifySecrets, Settings
from arbtui.core.alerts import Alert, AlertKind
from arbtui.engine.check_lines import CheckLine, Verdict
from arbtui.net.channels import MISSING, Apprise, Channel, Message, NotDelivered, Program, Webhook, apprise_is_there
from arbtui.net.gateway import NetworkSettings
from arbtui.net.notify import Notifier

TEST_TEXT = "this is a test: messages of alerts arrive"


def channels_of(settings: Settings, secrets: NotifySecrets, network: NetworkSettings) -> list[Channel]:
    """Everything that is configured, whether or not it works."""
    notify = settings.notify
    found: list[Channel] = []
    if secrets.webhook_url is not None:
        found.append(Webhook(secrets.webhook_url, network, timeout_s=notify.timeout_s, tries=notify.tries))
    if notify.command:
        found.append(Program(notify.command, timeout_s=notify.timeout_s))
    for number, url in enumerate(secrets.apprise, 1):
        found.append(Apprise(url, number, timeout_s=notify.timeout_s))
    return found


def notifier_of(
    settings: Settings, secrets: NotifySecrets, network: NetworkSettings, *, mode: str, say: Callable[[str, str], None]
) -> Notifier | None:
    """None where no channel is configured. A library that is missing is said now, and not with the first alert."""
    channels = channels_of(settings, secrets, network)
    if secrets.apprise and not apprise_is_there():
        say("warning", f"alerts do not leave by apprise: {MISSING}")
        channels = [channel for channel in channels if not isinstance(channel, Apprise)]
    if not channels:
        return None
    kinds = [AlertKind(name) for name in settings.notify.kinds]
    return Notifier(channels, mode=mode, kinds=kinds, per_minute=settings.notify.per_minute, say=say)


def ended_open(t_ns: int, what: str) -> Alert:
    """The last word of a run that leaves something behind (exit code 3)."""
    return Alert(t_ns, AlertKind.HEDGE, "", f"this run has ended and needs you: {what}; arbtui flatten closes it")


async def tried(channels: Sequence[Channel], mode: str) -> list[CheckLine]:
    """A test message by each channel, one after another, and what became of it."""
    lines = []
    for channel in channels:
        message = Message(Alert(time.time_ns(), AlertKind.TEST, "", TEST_TEXT), mode)
        try:
            await channel.send(message)
        except NotDelivered as error:
            lines.append(CheckLine("notify", channel.name, Verdict.BAD, str(error)))
        else:
            lines.append(CheckLine("notify", channel.name, Verdict.OK, "took the test message"))
        finally:
            await channel.close()
    return lines
