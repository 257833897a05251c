"""A plain table: aligned columns without lines, as easy to read as to cut."""

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ymera_service.cli.render.text import clean


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
        rows: A cell per column.
        right: The columns that hold figures.
        folds: The columns that are broken where the terminal is too narrow; by default the last.
        header: Whether the headers are shown.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)
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
