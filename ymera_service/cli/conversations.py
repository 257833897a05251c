"""Conversations that last: their messages are kept in a file that only the user can read."""

import os
import re
import tempfile
from pathlib import Path

import platformdirs
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from ymera.v1.content_pb2 import ROLE_ASSISTANT, ROLE_SYSTEM, Message, Part, Prompt

from ymera_service.cli.problems import wrong

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Conversation:
    """The messages so far, without those of the system; kept under a name, or in memory alone if that is empty."""

    def __init__(self, name: str = "") -> None:
        """Reads what is kept.

        Raises:
            CommandFailed: The name is not valid, or its file can't be read.
        """
        if name and not _NAME.fullmatch(name):
            raise wrong(
                f"{name!r} is not a valid session",
                "Begin with a letter or digit; use letters, digits, '.', '-' and '_', up to 64 of them.",
            )
        self._file = platformdirs.user_state_path("ymera") / "sessions" / f"{name}.json" if name else None
        self._kept = _read(self._file) if self._file else Prompt()

    def continued(self, prompt: Prompt) -> Prompt:
        """Returns a prompt with the messages so far before its own."""
        whole = Prompt()
        whole.CopyFrom(prompt)
        del whole.messages[:]
        whole.messages.extend(each for each in prompt.messages if each.role == ROLE_SYSTEM)
        whole.messages.extend(self._kept.messages)
        whole.messages.extend(_said(prompt))
        return whole

    def add(self, prompt: Prompt, answer: str) -> None:
        """Adds the messages of a prompt and the answer to it.

        Raises:
            CommandFailed: They can't be written.
        """
        self._kept.messages.extend(_said(prompt))
        self._kept.messages.append(Message(role=ROLE_ASSISTANT, parts=[Part(text=answer)]))
        if self._file:
            _write(self._file, MessageToJson(self._kept, preserving_proto_field_name=True))


def _said(prompt: Prompt) -> list[Message]:
    return [each for each in prompt.messages if each.role != ROLE_SYSTEM]


def _read(file: Path) -> Prompt:
    try:
        return Parse(file.read_text(encoding="utf-8"), Prompt())
    except FileNotFoundError:
        return Prompt()
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise wrong(f"the session can't be read: {error}", f"Delete {file} to begin it anew.") from None


def _write(file: Path, text: str) -> None:
    """Replaces the file as a whole; a temporary file can be read by its owner only."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, draft = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(draft).replace(file)
    except OSError as error:
        raise wrong(f"the session can't be kept in {file}: {error.strerror}") from None
