"""What the key of an account may do, and whose it is, asked of its venue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from arbtui.net.rest import Rest
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights, Keys, PrivateVenue, TellsAccount, TellsRights


async def key_rights(
    private: PrivateVenue, env: Environment, keys: Keys, rest: Rest, stamp_ms: Callable[[], int]
) -> KeyRights | None:
    """None where the venue has no such question. Raises as ``venues.private.TellsRights`` says, and TransportBroken."""
    if not isinstance(private, TellsRights):
        return None
    rights, call = None, private.key_rights(env, keys, stamp_ms())
    while call is not None:
        if wait_s := rest.wait_s(call.request):
            await asyncio.sleep(wait_s)
            call = call if rights is not None else private.key_rights(env, keys, stamp_ms())
            continue
        answer = await rest.carry(call.request)
        rights = call.read(answer.status, answer.body)
        call = call.next_call(answer.status, answer.body) if call.next_call is not None else None
    return rights


async def account_id(
    private: PrivateVenue, env: Environment, keys: Keys, rest: Rest, stamp_ms: Callable[[], int]
) -> str:
    """The account's own id; "" where the venue does not tell it. Raises as a read does, and TransportBroken."""
    while isinstance(private, TellsAccount):
        call = private.account_id(env, keys, stamp_ms())
        if isinstance(call, str):
            return call
        if wait_s := rest.wait_s(call.request):
            await asyncio.sleep(wait_s)
            continue
        answer = await rest.carry(call.request)
        return call.read(answer.status, answer.body)
    return ""
