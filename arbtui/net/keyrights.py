"""What the key of an account may do, asked of its venue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from arbtui.net.rest import Rest
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights, Keys, PrivateVenue, TellsRights


async def key_rights(
    private: PrivateVenue, env: Environment, keys: Keys, rest: Rest, stamp_ms: Callable[[], int]
) -> KeyRights | None:
    """None where the venue has no such question. Raises as ``venues.private.TellsRights`` says, and TransportBroken."""
    if not isinstance(private, TellsRights):
        return None
    while (call := private.key_rights(env, keys, stamp_ms())) is not None:
        wait_s = rest.wait_s(call.request)
        if not wait_s:
            answer = await rest.carry(call.request)
            return call.read(answer.status, answer.body)
        await asyncio.sleep(wait_s)
    return None
