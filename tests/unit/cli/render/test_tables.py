"""Tables fit the terminal."""

import io

import pytest
from rich.console import Console

from ymera_service.cli.render.tables import table

ROWS = [["a" * 20, 1, "one two three", 12.5], ["b", 22, "four", 3]]
COLUMNS = ["name", "count", "words", "price"]


def shown(width: int, drops: list[str]) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(table(COLUMNS, ROWS, right=["count", "price"], folds=["words"], drops=drops), crop=False)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize(
    ("width", "header", "note"),
    [
        (80, "name                  count  words          price", ""),
        (41, "name                  count  words  price", ""),
        (40, "name                  words        price", "without count, for which the terminal is"),
        (27, "name                  words", "without count, price, for"),
        (20, "name                  words", "without count,"),
    ],
)
def test_columns_are_left_out_in_order_and_named(width: int, header: str, note: str) -> None:
    first, *_ = lines = shown(width, ["count", "price"])
    assert first == header
    assert "".join(line for line in lines if line.startswith("without")).startswith(note)
    assert any(note) or "without" not in "".join(lines)


def test_a_table_without_such_columns_is_left_to_the_terminal() -> None:
    assert shown(20, [])[1] == "a" * 20 + "      1  one two three   12.5"


@pytest.mark.parametrize("width", [60, 40])
def test_a_word_is_broken_if_it_alone_makes_the_table_too_wide(width: int) -> None:
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(table(["name", "note"], [["n" * 20, f"set {'key.' * 12}"]]), crop=False)
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "".join(line[22:].strip() for line in lines[1:]).replace(" ", "") == f"set{'key.' * 12}"
