"""The question about a key's rights, where a venue has one."""

from __future__ import annotations

from arbtui.venues.base import Environment
from arbtui.venues.private import Keys, RightsCall, TellsRights


def rights_call(private: object, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall:
    assert isinstance(private, TellsRights)
    call = private.key_rights(env, keys, stamp_ms)
    assert call is not None
    return call
