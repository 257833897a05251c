"""A plain table: aligned columns without lines, as easy to read as to cut."""

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ymera_service.cli.render.text import clean


def table(
    columns: Iterable[str], rows: Iterable[Sequence[object]], right: Collection[str] = (), *, header: bool = True
) -> Table:
    """Returns a table of texts and plain values; the columns named in `right` hold figures."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)
    for column in columns:
        figures = column in right
        made.add_column(column, justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else clean(str(cell)) for cell in row))
    return made
