"""All hedges and how facts get into them: folded, given to the journal, shown to whoever watches. The only way in.

A fact is known at once and on disk soon; what must be on disk before anything depends on it is given to ``keep``. Who
watches may act on what it sees, so it sees a fact only after the journal was given it: what follows stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from arbtui.core.clock import Clock
from arbtui.execution.boundary import let_know
from arbtui.execution.keeper import Keeper
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import Step, WrongStep
from arbtui.execution.ports import Record
from arbtui.execution.records import BadRecord, Fact, Life, Stepped, fact_of, record
from arbtui.execution.words import Said

LOUD = (Step.SHORT, Step.UNWIND, Step.HALT)


class Memory:
    """``ledgers``: every hedge by id; ``open``: those that have not ended."""

    def __init__(
        self, clock: Clock, keeper: Keeper, say: Callable[[Said], None], watch: Callable[[str, Fact], None]
    ) -> None:
        self.clock = clock
        self.ledgers: dict[str, Ledger] = {}
        self.open: dict[str, Ledger] = {}
        self._keeper = keeper
        self._say = say
        self._watch = watch

    def restore(self, records: Iterable[Record]) -> None:
        """What the journal kept, in order. Raises BadRecord."""
        for kept in records:
            fact = fact_of(kept)
            if isinstance(fact, Life):
                self._relive(kept.t_ns, fact)
            elif kept.hedge:
                try:
                    self._fold(kept.hedge, kept.t_ns, fact)
                except (LookupError, WrongStep) as wrong:
                    raise BadRecord(
                        f"a {kept.kind} record of hedge {kept.hedge} does not follow from those before it ({wrong});"
                        " keep the journal file and run `arbtui flatten --dry-run` to see what is open"
                    ) from None
                let_know(self._watch, kept.hedge, fact)

    def begin(self, life: Life, then: Callable[[], None]) -> None:
        """Everything before this belongs to another life; ``then`` once the journal knows of this one."""
        now_ns = self.clock.now_ns()
        self._relive(now_ns, life)
        self._keeper.write([record(now_ns, "", life)], then)

    def _relive(self, t_ns: int, life: Life) -> None:
        for ledger in self.ledgers.values():
            ledger.fold(t_ns, life)

    def _fold(self, hedge: str, t_ns: int, fact: Fact) -> None:
        ledger = self.ledgers.get(hedge)
        if ledger is None:
            ledger = self.ledgers[hedge] = Ledger(hedge)
        ledger.fold(t_ns, fact)
        if ledger.state.ended:
            self.open.pop(hedge, None)
        else:
            self.open[hedge] = ledger

    def put(self, hedge: str, fact: Fact, at_ns: int | None = None) -> None:
        """A fact that needs no waiting. ``hedge`` "": of none. ``at_ns``: when it was so, if not now."""
        now_ns = self.clock.now_ns() if at_ns is None else at_ns
        if hedge:
            self._fold(hedge, now_ns, fact)
        self._keeper.write([record(now_ns, hedge, fact)])
        let_know(self._watch, hedge, fact)

    def keep(self, hedge: str, facts: Sequence[Fact], then: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Facts that something waits for: ``then`` once they are on disk, else ``failed``; both after who watches."""
        now_ns, unseen = self.clock.now_ns(), [*facts]
        for fact in facts:
            self._fold(hedge, now_ns, fact)

        def show() -> None:
            while unseen:
                let_know(self._watch, hedge, unseen.pop(0))

        def kept() -> None:
            show()
            then()

        def unkept(text: str) -> None:
            show()
            failed(text)

        self._keeper.write([record(now_ns, hedge, fact) for fact in facts], kept, unkept)
        show()

    def step_to(self, ledger: Ledger, step: Step, why: str) -> None:
        self.put(ledger.hedge, Stepped(step, why))
        self.tell(ledger.hedge, why, alarm=step in LOUD)

    def tell(self, hedge: str, text: str, *, alarm: bool = False) -> None:
        let_know(self._say, Said(self.clock.now_ns(), hedge, text, alarm))
