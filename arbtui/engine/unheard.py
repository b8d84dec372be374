"""Orders on spot of whose end a journal does not know, asked for by keys alone.

A run that was killed had written less than its exchanges had done: an order may be filled of which the journal says
that it was sent, and no more. A perpetual's position tells for itself, and closing it twice is refused (reduce-only).
Of spot nobody tells that what a hedge bought was left, and nobody refuses to sell what was the person's own. So before
spot is counted its exchange is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, ReadKind
from arbtui.engine.by_rest import AccountByRest
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger, VenueRules
from arbtui.execution.lines import Line
from arbtui.execution.records import Life

AGAIN_S = 2.0  # two words that agree lie a second apart
MOST_S = 16.0  # an absence that a venue needs longer for stays unknown


async def learn(account: AccountByRest, ledgers: Sequence[Ledger], *, resting: bool) -> list[str]:
    """Tell the ledgers what this venue knows of such orders; in words, those of which it is still not known.

    An order is known that has ended and of which all fills are told, or that was never there by the venue's own rule;
    and with ``resting`` also one that the venue still has.
    """
    absence = account.private.absence
    rules = VenueRules(absence, history=absence.history)
    doubtful = list(_doubtful(account.name, ledgers, rules, resting=resting))
    now_ns, loop = account.clock.now_ns(), asyncio.get_running_loop()
    for ledger in {id(ledger): ledger for ledger, _ in doubtful}.values():
        ledger.fold(now_ns, Life(0))  # the life that sent them is over
    until_s = loop.time() + min(MOST_S, absence.settle_s + 3 * AGAIN_S)
    while doubtful:
        await _ask(account, [line for _, line in doubtful], ledgers, rules)
        doubtful = list(_doubtful(account.name, ledgers, rules, resting=resting))
        if loop.time() >= until_s:
            break
        if doubtful:
            await asyncio.sleep(AGAIN_S)
    return [
        f"what became of {line.order.side.value} {line.order.qty:f} {line.order.native} on {account.name} "
        f"({line.order.client_id} of hedge {ledger.hedge}) is not known; look at it there, or flatten again in a minute"
        for ledger, line in doubtful
    ]


def _doubtful(
    venue: str, ledgers: Sequence[Ledger], rules: VenueRules, *, resting: bool
) -> Iterator[tuple[Ledger, Line]]:
    for ledger in ledgers:
        for line in ledger.unsettled():
            order, rests = line.order, resting and line.open_ns is not None and not line.ended
            ours = order.venue == venue and order.market is Market.SPOT
            if ours and not rests and not ledger.proved_absent(line, rules):
                yield ledger, line


async def _ask(account: AccountByRest, lines: Sequence[Line], ledgers: Sequence[Ledger], rules: VenueRules) -> None:
    def tell(events: Sequence[AccountEvent]) -> None:
        for event in events:
            for ledger in ledgers:
                ledger.hear(event)

    for line in lines:
        line.asked_ns = account.clock.now_ns()
        account.account.query(line.order)
        tell(await account.settled())
    since_ms: dict[str, int] = {}
    for line in lines:
        from_ms = line.planned_ns // NS_PER_MS - FILLS_BEFORE_MS
        since_ms[line.order.native] = min(since_ms.get(line.order.native, from_ms), from_ms)
    for native, from_ms in since_ms.items():
        for kind in (ReadKind.OPEN_ORDERS, ReadKind.FILLS, *([ReadKind.HISTORY] if rules.history else ())):
            told, _ = await account.read(kind, Market.SPOT, native, None if kind is ReadKind.OPEN_ORDERS else from_ms)
            tell(told)
