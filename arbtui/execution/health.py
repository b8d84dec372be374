"""How well each account is heard: a fold of what executors tell, for people to look at. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, ReadDone, ReadFailed, ReadKind, StreamState, Unanswered


@dataclass(frozen=True)
class AccountHealth:
    """One venue's account. ``wallets``: from which pot each market trades, by the codec's name.

    ``heard_ns``: engine time of the account's last word of whatever kind, None = it has not said anything yet.
    ``streams``: the last word on each market's private stream; a market without one has never been up.
    ``failed``: questions whose last asking brought nothing, or not all.
    """

    venue: str
    paper: bool
    wallets: Mapping[Market, str]
    heard_ns: int | None
    streams: Mapping[Market, StreamState]
    failed: Sequence[ReadFailed]

    def heard(self, market: Market) -> bool:
        """Whether its private stream is up: what happens there is told."""
        told = self.streams.get(market)
        return told is not None and told.state == "up"


class Health:
    """``accounts``: venue -> whether it is paper, and the wallet of each of its markets."""

    def __init__(self, accounts: Mapping[str, tuple[bool, Mapping[Market, str]]]) -> None:
        self._accounts = accounts
        self._heard_ns: dict[str, int] = {}
        self._streams: dict[str, dict[Market, StreamState]] = {venue: {} for venue in accounts}
        self._failed: dict[str, dict[tuple[Market, ReadKind, str], ReadFailed]] = {venue: {} for venue in accounts}

    def hear(self, event: AccountEvent) -> None:
        venue = event.venue
        if venue not in self._accounts:
            return
        match event:
            case Unanswered():
                return  # nothing came
            case ReadFailed(market=market, kind=kind, native=native, reason=reason):
                self._failed[venue][(market, kind, native)] = event
                if reason is None:
                    return
            case ReadDone(market=market, kind=kind, native=native):
                self._failed[venue].pop((market, kind, native), None)
            case StreamState():
                self._streams[venue].update(dict.fromkeys(event.markets, event))
                if event.state == "down":
                    return  # our own finding
            case _:
                pass
        self._heard_ns[venue] = max(self._heard_ns.get(venue, 0), event.t_ns)

    def accounts(self) -> list[AccountHealth]:
        """Every account of this run, in the order of the settings."""
        return [
            AccountHealth(
                venue=venue,
                paper=paper,
                wallets=wallets,
                heard_ns=self._heard_ns.get(venue),
                streams=dict(self._streams[venue]),
                failed=tuple(self._failed[venue].values()),
            )
            for venue, (paper, wallets) in self._accounts.items()
        ]
