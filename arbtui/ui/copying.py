"""Taking things out of the screen: a row or a pane to the clipboard, a pane's rows as CSV.

The clipboard is asked for by the terminal's own sequence (OSC 52), which many terminals and tmux by default leave
unheard, and nobody answers. So what is copied also goes to a file each time, and the bottom line names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path

from rich.cells import cell_len

from arbtui.lines.csvfiles import time_text
from arbtui.lines.exports import Exports, Raw, Table
from arbtui.ui import tables
from arbtui.ui.desk import Desk
from arbtui.ui.logbook import Entry
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import Pane
from arbtui.ui.registry import Handlers

NOWHERE = "there is no folder to write to in this run"
CLIPBOARD_MOST = 70_000  # characters; terminals take 74,994 bytes of base64 at least


class Copying:
    """``clip`` hands text to the terminal; ``start`` runs what writes, beside everything else."""

    def __init__(
        self,
        desk: Desk,
        pane: Callable[[], Pane],
        *,
        exports: Exports | None,
        clip: Callable[[str], None],
        start: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._desk = desk
        self._pane = pane
        self._exports = exports
        self._clip = clip
        self._start = start

    def handlers(self) -> Handlers:
        return {"copy.row": self.row, "copy.pane": self.text, "copy.csv": self.csv}

    def row(self) -> str:
        pane = self._pane()
        table = pane.row_table()
        here = table.here if table is not None else None
        if table is None or here is None:
            return "there is no row under the cursor to copy"
        words, now_ns = tables.words(here), self._desk.port.clock.now_ns()
        self._to_clipboard(words)
        return self._write("the row is copied", lambda exports: exports.row(now_ns, table.name, words, here))

    def text(self) -> str:
        pane = self._pane()
        words = "\n".join(painted(pane)) + "\n"
        self._to_clipboard(words)
        now_ns = self._desk.port.clock.now_ns()
        return self._write("the pane is copied as text", lambda exports: exports.text(now_ns, pane.pane_id, words))

    def csv(self) -> str:
        if self._exports is None:
            return NOWHERE
        self._start(self._csv(self._exports, self._pane()))
        return ""

    async def _csv(self, exports: Exports, pane: Pane) -> None:
        now_ns = self._desk.port.clock.now_ns()
        columns: Table | None = None
        rows: list[Sequence[Raw]] = []
        for part in pane.table_parts():
            columns = part
            rows += part.rows
            await asyncio.sleep(0)
        if columns is None:
            self._desk.say(f"there are no rows in {pane.pane_id} to export", "warning")
            return
        whole = replace(columns, rows=rows, at=None)
        await self._written(f"{len(rows)} rows as CSV", exports, lambda to: to.csv(now_ns, whole))

    def said(self, entry: Entry) -> str:
        """A line of the log, as a row of its own."""
        self._to_clipboard(entry.text)
        row: dict[str, Raw] = {"t_ns": entry.t_ns, "level": entry.level, "source": entry.source, "text": entry.text}
        now_ns = self._desk.port.clock.now_ns()
        return self._write("the line is copied", lambda exports: exports.row(now_ns, "log", entry.text, row))

    def all_said(self, entries: Sequence[Entry]) -> str:
        """Lines of the log, as a text."""
        lines = (f"{time_text(entry.t_ns)} {entry.level} {entry.source}: {entry.text}\n" for entry in entries)
        words, now_ns = "".join(lines), self._desk.port.clock.now_ns()
        return self._write(f"{len(entries)} lines", lambda exports: exports.text(now_ns, "log", words))

    def _to_clipboard(self, words: str) -> None:
        if len(words) <= CLIPBOARD_MOST:
            self._clip(words)

    def _write(self, what: str, write: Callable[[Exports], Path]) -> str:
        exports = self._exports
        if exports is None:
            return NOWHERE
        self._start(self._written(what, exports, write))
        return ""

    async def _written(self, what: str, exports: Exports, write: Callable[[Exports], Path]) -> None:
        try:
            path = await asyncio.to_thread(write, exports)
        except OSError as error:
            why = error.strerror or str(error)
            self._desk.say(f"{exports.folder} cannot be written ({why}); nothing was kept", "warning")
        else:
            self._desk.say(f"{what}: {path}")


def painted(pane: Pane) -> list[str]:
    """What a pane shows, line by line."""
    width, height = pane.size
    cells = [[" "] * width for _ in range(height)]
    for widget in pane.walk_children(LineWidget):
        region = widget.region.translate(-pane.region.offset)
        for y, line in enumerate(widget.shown[: region.height]):
            x = region.x
            for char in "".join(words for words, _ in line):
                room = cell_len(char)
                if not 0 <= region.y + y < height or x + room > min(region.right, width):
                    break
                if room:
                    cells[region.y + y][x : x + room] = [char, *[""] * (room - 1)]
                    x += room
    return ["".join(row).rstrip() for row in cells]
