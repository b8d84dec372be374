"""Bybit's public websocket protocol: one acknowledgement for each request, refusals, JSON pings, limits.

From the connect page, from captured acknowledgements of 2026 (a linear one has an empty ``ret_msg``, a spot one repeats
the op) and from measurements of what a bad topic does: on linear sockets nothing of its request is subscribed. Bybit
says nowhere whether the rest of a spot request survives a bad symbol, or the rest of any request a topic that was
subscribed before; here none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Topic
from arbtui.sim.bybit import tables
from arbtui.sim.bybit.connection import Connection
from arbtui.sim.listing import Market
from arbtui.sim.reading import Ask

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit


class Refused(Exception):
    """A request that fails as a whole; the text is its ``ret_msg``."""

    def __init__(self, text: str, *, with_id: bool = True) -> None:
        super().__init__(text)
        self.with_id = with_id


class BybitSession(Connection):
    """One public socket, of linear contracts or of spot."""

    def __init__(self, venue: Bybit, call: Call, market: Market) -> None:
        super().__init__(venue, call)
        self.market: Market = market
        self._chars = 0  # of the topics subscribed

    def on_ask(self, ask: Ask | None) -> None:
        ask = ask or {}  # whose op is invalid
        op, req_id = ask.get("op"), ask.get("req_id")
        try:
            if op == "ping":
                self._pong(req_id)
            elif op == "subscribe":
                topics = self._checked(_args(ask))
                self._ack(op, req_id)
                for name, topic in topics.items():
                    self._chars += _chars(name)
                    self.subscribe(topic, name)
            elif op == "unsubscribe":
                self._leave(_args(ask))
                self._ack(op, req_id)
            else:
                raise Refused("error:invalid op")
        except Refused as refused:
            self._refuse(refused, op, req_id)

    # -- subscriptions -----------------------------------------------------------------------------------------------

    def _checked(self, names: list[str]) -> dict[str, Topic]:
        """The topics of a request; raises ``Refused`` if one of them cannot be had."""
        assert self.market is not None
        if self.market == "spot" and len(names) > tables.SPOT_ARGS:
            raise Refused(f"args size >{tables.SPOT_ARGS}", with_id=False)
        if self._chars + sum(_chars(name) for name in names) > tables.ARGS_CHARS:
            raise Refused(f"args size >{tables.ARGS_CHARS}")
        topics: dict[str, Topic] = {}
        for name in names:
            topic = self._bybit.stream(self.market, name)
            if topic is None or self.refused(topic.channel, topic.wire, topic.listing):
                raise Refused(
                    f"Invalid symbol :[{name}]" if self.market == "spot" else f"error:handler not found,topic:{name}"
                )
            if name in self.topics or name in topics:
                raise Refused(f"error:already subscribed,topic:{name}")
            topics[name] = topic
        return topics

    def _leave(self, names: list[str]) -> None:
        for name in names:
            if self.unsubscribe(name):
                self._chars -= _chars(name)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _ack(self, op: str, req_id: Any) -> None:
        self._say(success=True, ret_msg=op if self.market == "spot" else "", req_id=_echo(req_id), op=op)

    def _refuse(self, refused: Refused, op: Any, req_id: Any) -> None:
        more = {"req_id": _echo(req_id)} if refused.with_id else {}
        self._say(success=False, ret_msg=str(refused), **more, op=op if isinstance(op, str) else "")

    def _pong(self, req_id: Any) -> None:
        """A spot socket leaves ``req_id`` out where none was sent."""
        more = {} if self.market == "spot" and req_id is None else {"req_id": _echo(req_id)}
        self._say(success=True, ret_msg="pong", **more, op="ping")

    def _say(self, *, success: bool, ret_msg: str, op: str, **more: Any) -> None:
        self.send(orjson.dumps({"success": success, "ret_msg": ret_msg, "conn_id": self._conn_id, **more, "op": op}))


def _args(ask: Ask) -> list[str]:
    args = ask.get("args")
    if not isinstance(args, list) or not args or not all(isinstance(name, str) for name in args):
        raise Refused("error:invalid args")
    return args


def _echo(req_id: Any) -> str:
    """As it comes back: always a text."""
    return "" if req_id is None else str(req_id)


def _chars(name: str) -> int:
    """What a topic takes of the 21,000 characters: itself, its quotes and a comma."""
    return len(name) + 3
