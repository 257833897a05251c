"""The two streams: answers go to standard output, everything else to standard error."""

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

from ymera_service.cli.failures import CommandFailed, Failure
from ymera_service.cli.render.text import clean, harmless

_PLAIN_WIDTH = 10_000
"""Columns if the output is not a terminal: lines are not broken then."""


class Output:
    """Prints, as JSON where that was asked for."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.answers = _console(stderr=False)
        self.remarks = _console(stderr=True)

    def show(self, message: Message, *pictures: RenderableType) -> None:
        """Prints an answer: the message as one JSON document, or its pictures."""
        if self.as_json:
            self.document(as_dict(message))
            return
        if self.answers.is_terminal:
            self.answers.print(*pictures, sep="\n", crop=False)
            return
        with self.answers.capture() as captured:
            self.answers.print(*pictures, sep="\n")
        print("\n".join(line.rstrip() for line in captured.get().splitlines()))  # tables pad their last column

    def document(self, document: object) -> None:
        """Prints one JSON document."""
        print(json.dumps(document, ensure_ascii=False, indent=2))

    def event(self, message: Message) -> None:
        """Prints one line of JSON at once."""
        print(json.dumps(as_dict(message), ensure_ascii=False), flush=True)

    def say(self, text: str) -> None:
        """Prints more of an answer at once; on a terminal without what would control it."""
        sys.stdout.write(harmless(text) if self.answers.is_terminal else text)
        sys.stdout.flush()

    def remark(self, text: str, style: str = "dim") -> None:
        """Prints a line beside the answer."""
        self.remarks.print(clean(text, style))

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Ends the process with what made the block fail, where its user can understand that."""
        try:
            yield
        except CommandFailed as error:
            self.failure(error.failure)
            raise typer.Exit(error.failure.exit_code) from None

    def failure(self, failure: Failure) -> None:
        """Prints what went wrong."""
        if self.as_json:
            print(json.dumps(failure.document(), ensure_ascii=False), file=sys.stderr)
            return
        self.remarks.print(Text.assemble(("Error: ", "bold red"), clean(failure.message)))
        for note in failure.notes:
            self.remarks.print(clean(f"  {note}"))
        if origin := ", ".join(filter(None, [failure.reason, failure.request_id])):
            self.remark(f"  {origin}")


def as_dict(message: Message) -> dict[str, Any]:
    """Returns a message in protobuf's JSON form, with the fields' names as they stand in the protos."""
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console
