"""A plain table: aligned columns without lines, easy to read and to process with `cut`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ymera_service.cli.render.text import clean

_GAP = 2
_UNBROKEN = 10_000
"""A width in columns that fits any row."""
_NARROWEST = 12
"""The width of a column that wraps below which it is left out rather than made narrower; longer words are broken."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A table that fits the terminal: columns that have no room are left out, and named below it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Text]]
    right: Collection[str]
    folds: Collection[str]
    drops: Sequence[str]
    header: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = list(self.columns)
        widths = {name: self._least(console, options, name) + _GAP for name in kept}
        room = options.max_width + _GAP  # there is no gap after the last column
        for name in self.drops:
            if sum(widths[each] for each in kept) > room:
                kept.remove(name)
        fits = sum(widths[each] for each in kept) <= room
        # If not even the columns that are always shown have room, the terminal wraps the rows.
        yield from console.render(self._table(kept), options if fits else options.update(width=_UNBROKEN))
        if hidden := ", ".join(each for each in self.columns if each not in kept):
            yield clean(f"without {hidden}, for which the terminal is too narrow", "dim")

    def _least(self, console: Console, options: ConsoleOptions, name: str) -> int:
        """Returns the minimum width of a column: of its longest word if it may wrap, otherwise of its longest cell."""
        texts = self._cells(name) + ([clean(name)] if self.header else [])
        if name in self.folds:
            wide = options.update(max_width=_UNBROKEN)
            words = max((Measurement.get(console, wide, text).minimum for text in texts), default=0)
            return min(words, _NARROWEST)
        return max((cell_len(text.plain) for text in texts), default=0)

    def _cells(self, name: str) -> list[Text]:
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def _table(self, kept: Sequence[str]) -> Table:
        made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=self.header)
        for name in kept:
            made.add_column(
                name,
                justify="right" if name in self.right else "left",
                no_wrap=name not in self.folds,
                overflow="fold",
            )
        for cells in zip(*map(self._cells, kept), strict=True):
            made.add_row(*cells)
        return made


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Collection[str] = (),
    *,
    folds: Collection[str] | None = None,
    drops: Sequence[str] = (),
    header: bool = True,
) -> _Fitted:
    """Returns a table of texts and plain values.

    Args:
        columns: The headers, each different.
        rows: One cell per column.
        right: The columns that are aligned to the right.
        folds: The columns that wrap if the terminal is too narrow; by default the last.
        drops: The columns that are left out if it is still too narrow, the first one first.
        header: Whether the headers are shown.
    """
    texts = [[cell if isinstance(cell, Text) else clean(str(cell)) for cell in row] for row in rows]
    return _Fitted(columns, texts, right, columns[-1:] if folds is None else folds, drops, header)
