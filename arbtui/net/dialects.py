"""Which private side an account speaks, where a venue has accounts of several kinds: asked before anything else is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

from arbtui.core.clock import NS_PER_MS, Clock
from arbtui.core.errors import ArbtuiError, Broken, OutcomeUnknown, RefusalReason, VenueRefused
from arbtui.net.budget import Budgets
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.venues.base import Environment
from arbtui.venues.private import Dialects, Keys, PrivateVenue

TRIES = 3
AGAIN_S = 1.2  # longer than the second that limits are counted by
TIMEOUT_S = 3.0  # a start waits for it

Accounts = Mapping[str, tuple[PrivateVenue, Environment, Keys]]


async def spoken(
    accounts: Accounts,
    network: NetworkSettings,
    clock: Clock,
    rng: random.Random,
    undecided: Callable[[str, ArbtuiError], None],
) -> dict[str, PrivateVenue]:
    """By name. Where the venue does not tell, even asked anew, it stays what it is, and ``undecided`` is called.

    An account that is then asked in the wrong words refuses them, so nothing is sent there that it could take.
    """
    asked = {name: private for name, (private, _, _) in accounts.items() if isinstance(private, Dialects)}
    found = {name: private for name, (private, _, _) in accounts.items()}
    if not asked:
        return found
    budgets = Budgets([limit for name in asked for limit in found[name].trade_limits])
    async with Rest(network, budgets, clock, recorder=None, rng=rng, timeout_s=TIMEOUT_S) as rest:

        async def ask(name: str, private: Dialects) -> None:
            _, env, keys = accounts[name]
            try:
                found[name] = await _answered(private, env, keys, rest, clock)
            except (Broken, OutcomeUnknown, VenueRefused) as error:
                undecided(name, error)

        await asyncio.gather(*(ask(name, private) for name, private in asked.items()))
    return found


async def _answered(private: Dialects, env: Environment, keys: Keys, rest: Rest, clock: Clock) -> PrivateVenue:
    for left in reversed(range(TRIES)):
        call = private.dialect(env, keys, clock.now_ns() // NS_PER_MS)
        try:
            answer = await rest.carry(call.request)
            return call.read(answer.status, answer.body)
        except VenueRefused as refused:
            if not left or refused.reason is not RefusalReason.RATE_LIMITED:
                raise
        except (Broken, OutcomeUnknown):
            if not left:
                raise
        await asyncio.sleep(AGAIN_S)
    raise AssertionError("asked no time")
