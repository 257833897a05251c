"""A plain table: aligned columns without lines, easy to read and to process with `cut`."""

from collections.abc import Collection, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ymera_service.cli.render.text import clean

_GAP = 2
_UNBROKEN = 10_000
"""A width in columns that fits any row."""


class _Whole(Table):
    """A table that keeps all columns: if the terminal is too narrow for it, the terminal wraps the rows."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = sum(self._least(console, options, index) for index in range(len(self.columns)))
        fits = needed <= options.max_width
        yield from super().__rich_console__(console, options if fits else options.update(width=_UNBROKEN))

    def _least(self, console: Console, options: ConsoleOptions, index: int) -> int:
        """Returns the minimum width of a column: of its longest word if it may wrap, otherwise of its longest cell."""
        column = self.columns[index]
        texts = [cell for cell in column.cells if isinstance(cell, Text)]
        if self.show_header:
            texts.append(clean(str(column.header)))
        if column.no_wrap:
            widths = [cell_len(text.plain) for text in texts]
        else:
            widths = [Measurement.get(console, options.update(max_width=_UNBROKEN), text).minimum for text in texts]
        return max(widths, default=0) + (_GAP if index < len(self.columns) - 1 else 0)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Collection[str] = (),
    *,
    folds: Collection[str] | None = None,
    header: bool = True,
) -> Table:
    """Returns a table of texts and plain values.

    Args:
        columns: The headers.
        rows: One cell per column.
        right: The columns that are aligned to the right.
        folds: The columns that wrap if the terminal is too narrow; by default the last.
        header: Whether the headers are shown.
    """
    made = _Whole(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=header)
    breakable = columns[-1:] if folds is None else folds
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=column not in breakable,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else clean(str(cell)) for cell in row))
    return made
