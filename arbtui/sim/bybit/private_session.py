"""Bybit's private socket: a login, subscriptions to topics of the account, JSON pings, a limit of silence.

From the connect page and the private topics' pages. What a refused login looks like is known from other clients'
comments alone, and nothing says how a session ends whose key is gone: here the socket is closed.
"""

from __future__ import annotations

from typing import Any, ClassVar

import orjson

from arbtui.sim.bybit.answers import Failed
from arbtui.sim.bybit.connection import AccountConnection
from arbtui.sim.bybit.users import TOPICS
from arbtui.sim.reading import Ask


class PrivateSession(AccountConnection):
    """One private socket."""

    kind: ClassVar[str] = "private/"

    def closed(self) -> None:
        self._bybit.private.users.leave(self)

    def on_ask(self, ask: Ask | None) -> None:
        if ask is None:
            self._say(success=False, ret_msg="error:invalid request", op="", req_id=None)
            return
        op, req_id, args = ask.get("op"), ask.get("req_id"), ask.get("args")
        if op == "ping":
            self._pong(req_id)
        elif op == "auth":
            self._login(args, ask, req_id)
        elif op in ("subscribe", "unsubscribe"):
            self._topics(op, args, req_id)
        else:
            self._say(success=False, ret_msg="error:invalid op", op=op if isinstance(op, str) else "", req_id=req_id)

    # -- requests ------------------------------------------------------------------------------------------------

    def _login(self, args: Any, ask: Ask, req_id: Any) -> None:
        try:
            self.log_in(args)
        except Failed as refused:
            asked = {key: ask[key] for key in ("req_id", "op", "args") if key in ask}
            self.send(
                orjson.dumps(
                    {"success": False, "ret_msg": refused.why.text, "conn_id": self._conn_id, "request": asked}
                )
            )
            return
        self._say(success=True, ret_msg="", op="auth", req_id=req_id)

    def _topics(self, op: str, args: Any, req_id: Any) -> None:
        """Answered before anything is told. What of a request can be had is, whatever else it asks for."""
        account = self._account
        if account is None:
            self._say(success=False, ret_msg="Request not authorized", op=op, req_id=req_id)
            return
        if not isinstance(args, list) or not args or not all(isinstance(name, str) for name in args):
            self._say(success=False, ret_msg="error:invalid args", op=op, req_id=req_id)
            return
        users = self._bybit.private.users
        if op == "unsubscribe":
            for name in args:
                users.unsubscribe(self, account, name)
            self._say(success=True, ret_msg="", op=op, req_id=req_id)
            return
        wrong = [name for name in args if name not in TOPICS or self.refused("other", TOPICS[name][0])]
        wrong += [name for name in args if name not in wrong and _mixed(name, args)]
        good = [name for name in args if name not in wrong]
        again = [name for name in good if not users.subscribe(self, account, name)]
        told = wrong + again
        if told:
            ret_msg = (
                f"Batch subscription partially succeeded and partially failed, failed topics are as follows:{told}"
            )
            self._say(success=False, ret_msg=ret_msg, op=op, req_id=req_id)
        else:
            self._say(success=True, ret_msg="", op=op, req_id=req_id)

    def _pong(self, req_id: Any) -> None:
        now_ms = str(self._bybit.view.now_ms())
        more = {} if req_id is None else {"req_id": str(req_id)}
        self.send(orjson.dumps({**more, "op": "pong", "args": [now_ms], "conn_id": self._conn_id}))

    def _say(self, *, success: bool, ret_msg: str, op: str, req_id: Any) -> None:
        more = {} if req_id is None else {"req_id": str(req_id)}
        self.send(orjson.dumps({"success": success, "ret_msg": ret_msg, "op": op, **more, "conn_id": self._conn_id}))


def _mixed(name: str, args: list[str]) -> bool:
    """Whether a topic of one category stands beside the one of all."""
    kind, market = TOPICS[name]
    return market is not None and kind in args
