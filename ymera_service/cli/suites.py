"""Reads a suite of the user's own tasks: a JSON object a line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ymera.v1.content_pb2 import ROLE_ASSISTANT, ROLE_SYSTEM, ROLE_USER, Message, Part
from ymera.v1.ymera_pb2 import OwnSuite, OwnTask

from ymera_service.cli import requests
from ymera_service.cli.problems import wrong

_FIELDS = ("prompt", "answer", "answers", "choices", "contains")
_ROLES = {"system": ROLE_SYSTEM, "user": ROLE_USER, "assistant": ROLE_ASSISTANT}
_TURNS = 'has to be a text, or a list of {"role": "system" | "user" | "assistant", "content": "…"}'


class _Fault(ValueError):
    """What is wrong with a field of a line."""


def own_suite(file: Path, category: str) -> OwnSuite:
    """Returns the suite in a file, named like the file.

    Raises:
        CommandFailed: The file can't be read; or a line is not a task, with its number and the field.
    """
    suite = OwnSuite(name=file.stem, category=category)
    for number, line in enumerate(requests.read_text(str(file)).split("\n"), 1):
        if line.strip():
            try:
                suite.tasks.append(_task(line))
            except _Fault as fault:
                raise wrong(f"{file}, line {number}: {fault}") from None
    if not suite.tasks:
        raise wrong(f"{file} has no tasks")
    return suite


def _task(line: str) -> OwnTask:
    fields = _document(line)
    if unknown := [name for name in fields if name not in _FIELDS]:
        raise _Fault(f"{unknown[0]!r} is not a field of a task; these are {', '.join(_FIELDS)}")
    if "prompt" not in fields:
        raise _Fault("prompt: is required")
    if not fields.keys() & {"answer", "answers", "contains"}:
        raise _Fault("answer: is required, or answers, or contains")
    read = {name: _read(name, value) for name, value in fields.items()}
    answers = [*read.get("answer", ()), *read.get("answers", ())]
    return OwnTask(
        messages=read["prompt"], answers=answers, choices=read.get("choices", ()), contains=read.get("contains", ())
    )


def _document(line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line, parse_int=str, parse_float=str)  # a number is an answer as it is written
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _Fault("holds half of a character, \\ud800 to \\udfff") from None
    except (ValueError, RecursionError) as error:
        raise _Fault(f"is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise _Fault("is not a JSON object")
    return fields


def _read(name: str, value: Any) -> list[Any]:
    read: Callable[[Any], Iterator[Any]] = _messages if name == "prompt" else _texts
    if name == "answer" and not isinstance(value, str):
        raise _Fault("answer: has to be a text or a number")
    try:
        return list(read(value))
    except _Fault as fault:
        raise _Fault(f"{name}: {fault}") from None


def _messages(value: Any) -> Iterator[Message]:
    for turn in [{"role": "user", "content": value}] if isinstance(value, str) else _listed(value, _TURNS):
        if not (isinstance(turn, dict) and turn.keys() == {"role", "content"} and isinstance(turn["content"], str)):
            raise _Fault(_TURNS)
        if (role := _ROLES.get(str(turn["role"]))) is None:
            raise _Fault(_TURNS)
        yield Message(role=role, parts=[Part(text=turn["content"])])


def _texts(value: Any) -> Iterator[str]:
    for each in [value] if isinstance(value, str) else _listed(value, "has to be a text, or a list of texts"):
        if not (isinstance(each, str) and each.strip()):
            raise _Fault("has to be a text that is not empty, or a list of such texts")
        yield each


def _listed(value: Any, remedy: str) -> list[Any]:
    if not (isinstance(value, list) and value):
        raise _Fault(remedy)
    return value
