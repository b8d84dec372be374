"""The word for what an order of a run is, and whether a run may send orders to accounts at all.

    DEMO           paper, on the built-in exchanges
    PAPER          paper, on real markets
    PAPER-TESTNET  paper, and some of the markets are not the real ones
    PAPER-GATEWAY  paper, on whatever stands behind --gateway: the pairs of one market must not meet prices of another
    SIMULATED      accounts on simulated exchanges of this machine (--live --gateway)
    DEMO-KEYS      accounts on the exchanges' own paper trading
    TESTNET        accounts on testnets; or some there, and some on paper trading of the exchanges' own
    LIVE           accounts with real money

Each has a data folder, a journal and a lock of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from arbtui.config import Loaded, Settings
from arbtui.core.errors import ConfigError
from arbtui.net.gateway import is_local

PAPER_GATEWAY = "PAPER-GATEWAY"
SIMULATED, DEMO_KEYS, TESTNET, LIVE = "SIMULATED", "DEMO-KEYS", "TESTNET", "LIVE"
ON_PAPER = ("DEMO", "PAPER", "PAPER-TESTNET", PAPER_GATEWAY)
OF_ACCOUNTS = (SIMULATED, DEMO_KEYS, TESTNET, LIVE)
ALL = (*ON_PAPER, *OF_ACCOUNTS)
_ENABLED = ("live", "enabled")


def chosen_mode(
    settings: Settings, venues: Sequence[str], *, demo: bool, accounts: bool = False, gateway: str | None = None
) -> str:
    """The mode of a run. ``accounts``: it may send orders to them; ``gateway``: through which all addresses are
    reached.
    """
    worlds = {settings.venues[name].environment for name in venues}
    if demo:
        return "DEMO"
    if not accounts and gateway is not None:
        return PAPER_GATEWAY
    if not accounts:
        return "PAPER" if worlds <= {"prod"} else "PAPER-TESTNET"
    if gateway is not None:
        return SIMULATED
    if "prod" in worlds:
        return LIVE
    return TESTNET if "testnet" in worlds else DEMO_KEYS


def refuse_accounts(loaded: Loaded, venues: Sequence[str], gateway: str | None) -> None:
    """Raises ConfigError where orders must not go to accounts, whoever asks for it."""
    if gateway is not None:
        refuse_far_gateway(gateway)
        return
    settings = loaded.settings
    refuse_mixture(settings, venues, "give all of them one environment in config.toml, or choose with --venues")
    real = [name for name in venues if settings.venues[name].environment == "prod"]
    if real and not (settings.live.enabled and loaded.origin(_ENABLED).kind == "config"):
        raise ConfigError(
            f"--live would trade real money on {', '.join(real)}, which [live] enabled = true in {loaded.where.config} "
            "allows, and nothing else; without --live it is paper."
        )
    refuse_open_lines(settings, venues)


def refuse_mixture(settings: Settings, venues: Sequence[str], remedy: str) -> None:
    """Raises ConfigError where some of the venues are real money and others are not."""
    worlds = {name: settings.venues[name].environment for name in venues}
    real = [name for name, world in worlds.items() if world == "prod"]
    play = [f"{name} ({world})" for name, world in worlds.items() if world != "prod"]
    if real and play:
        raise ConfigError(
            f"--live would take real money on {', '.join(real)} together with play money on {', '.join(play)}: "
            f"{remedy}."
        )


def refuse_far_gateway(gateway: str) -> None:
    """Raises ConfigError: what is signed goes to the exchange itself, or to a simulator here."""
    if not is_local(gateway):
        raise ConfigError(
            f"orders go to the exchanges themselves or to simulated ones of this machine, and {gateway} is neither: "
            "leave --gateway out, or name http://127.0.0.1:PORT (see arbtui sim)."
        )


def refuse_open_lines(settings: Settings, venues: Sequence[str]) -> None:
    for name in venues:
        for host, base in settings.venues[name].urls.items():
            if urlsplit(base).scheme != "https" and not is_local(base):
                raise ConfigError(
                    f"venues.{name}.urls sends {host} to {base}, where keys would be read on the way: write "
                    "https:// there."
                )
