"""The two streams: results go to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType
from rich.text import Text

from ymera_service.cli.problems import CommandFailed, Problem
from ymera_service.cli.render.text import clean, harmless, harmless_json

_PLAIN_WIDTH = 10_000
"""The width in columns if the output is not a terminal, so that lines are not wrapped."""


class Output:
    """Prints results and remarks, as text or as JSON."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.results = _console(stderr=False)
        self.remarks = _console(stderr=True)

    def show(self, message: Message, *blocks: RenderableType) -> None:
        """Prints a response: the message as one JSON document, or the blocks as text."""
        if self.as_json:
            self.document(as_dict(message))
        else:
            self.blocks(*blocks)

    def blocks(self, *blocks: RenderableType) -> None:
        """Prints a result as text."""
        if self.results.is_terminal:
            self.results.print(*blocks, sep="\n", crop=False)
            return
        with self.results.capture() as captured:
            self.results.print(*blocks, sep="\n")
        print("\n".join(line.rstrip() for line in captured.get().splitlines()))  # tables pad their last column

    def document(self, document: object) -> None:
        """Prints one JSON document."""
        print(_json(document, indent=2))

    def event(self, message: Message) -> None:
        """Prints one line of JSON and flushes it."""
        print(_json(as_dict(message)), flush=True)

    def say(self, text: str) -> None:
        """Prints a part of an answer and flushes it; on a terminal, see `harmless`."""
        sys.stdout.write(harmless(text) if self.results.is_terminal else text)
        sys.stdout.flush()

    @property
    def is_interactive(self) -> bool:
        """Whether a person watches: both streams are terminals, and text is printed."""
        return self.results.is_terminal and self.remarks.is_terminal and not self.as_json

    def think(self, text: str) -> None:
        """Prints a part of a model's thinking to standard error."""
        self.remarks.print(clean(text, "dim"), end="", soft_wrap=True)

    def remark(self, text: str, style: str = "dim") -> None:
        """Prints a line to standard error."""
        self.remarks.print(clean(text, style))

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Prints the problem of a `CommandFailed` raised in the block, and ends the process with its exit code."""
        try:
            yield
        except CommandFailed as error:
            self.problem(error.problem)
            raise typer.Exit(error.problem.exit_code) from None

    def problem(self, problem: Problem) -> None:
        """Prints what went wrong."""
        if self.as_json:
            print(_json(problem.document()), file=sys.stderr)
            return
        self.remarks.print(Text.assemble(("Error: ", "bold red"), clean(problem.message)))
        for note in problem.notes:
            self.remarks.print(clean(f"  {note}"))
        if origin := ", ".join(filter(None, [problem.reason, problem.request_id])):
            self.remark(f"  {origin}")


def as_dict(message: Message) -> dict[str, Any]:
    """Returns a message in protobuf's JSON mapping, with the field names of the proto files."""
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def _json(document: object, indent: int | None = None) -> str:
    return harmless_json(json.dumps(document, ensure_ascii=False, indent=indent))


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console
