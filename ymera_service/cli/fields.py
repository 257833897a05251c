"""The fields of a request that have no option of their own: `--set NAME=VALUE`.

A field is named as in the contract, without the message that it is in, and its value is written as in protobuf's JSON
mapping, or more shortly: `flex` instead of `SERVICE_TIER_FLEX`, `eu,uk` instead of a list, `2.5` for a duration.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from ymera_service.cli.problems import CommandFailed, wrong

_PARTS = ("", "prompt", "prompt.sampling", "preferences", "attribution")
"""Where fields are looked for: in the request itself, and in these of its messages."""
_DURATION = "google.protobuf.Duration"
_UNSPECIFIED = "UNSPECIFIED"


def settable(request: Any) -> dict[str, tuple[str, FieldDescriptor]]:
    """Returns the fields that can be set, by name; each with the part of the request that it is in."""
    return {
        field.name: (part, field)
        for part in _PARTS
        if (message := _part(request, part)) is not None
        for field in message.fields
        if field.message_type is None or field.message_type.full_name == _DURATION or _is_map(field)
    }


def values(field: FieldDescriptor) -> list[str]:
    """Returns the values that a field can have; none if there are too many to list."""
    if field.enum_type is not None:
        return [name.lower() for name in _short(field) if name != _UNSPECIFIED]
    return ["true", "false"] if field.type == FieldDescriptor.TYPE_BOOL else []


def assign(request: Message, given: Sequence[str]) -> None:
    """Sets fields of a request; one that is repeated gets what is given besides what it has.

    Args:
        request: A request of Route, Execute or ExecuteStream.
        given: `NAME=VALUE` for each field.

    Raises:
        CommandFailed: The field does not exist, or does not have such a value.
    """
    known = settable(request.DESCRIPTOR)
    for name, equals, text in (each.partition("=") for each in given):
        if not equals:
            raise wrong(f"--set {name}: has no value", f"Write --set {name}=VALUE.")
        if name not in known:
            raise _unknown(name, known)
        part, field = known[name]
        message: Any = request
        for step in filter(None, part.split(".")):
            message = getattr(message, step)
        try:
            message.MergeFrom(ParseDict({name: _value(field, text)}, type(message)()))
        except (ParseError, ValueError, RecursionError) as error:
            remedy = f"Use one of {', '.join(values(field))}." if values(field) else str(error).partition("\n")[0]
            raise wrong(f"--set {name}: {text!r:.100} is not a valid value", remedy) from None


def _unknown(name: str, known: Iterable[str]) -> CommandFailed:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"The fields are {', '.join(known)}."
    return wrong(f"--set {name}: no field of the request has this name", hint)


def _part(request: Any, path: str) -> Any:
    message = request
    for step in filter(None, path.split(".")):
        field = message.fields_by_name.get(step) if message else None
        message = field.message_type if field else None
    return message


def _value(field: FieldDescriptor, text: str) -> object:
    if text[:1] in {"{", "["}:
        return json.loads(text)
    if field.is_repeated:
        return [_single(field, each.strip()) for each in text.split(",")]
    return _single(field, text)


def _single(field: FieldDescriptor, text: str) -> object:
    if field.enum_type is not None:
        return _short(field).get(text.upper(), text)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"true": True, "false": False}.get(text.lower(), text)
    if field.message_type is not None and field.message_type.full_name == _DURATION:
        return f"{text.removesuffix('s')}s"
    return text


def _short(field: FieldDescriptor) -> dict[str, str]:
    """Returns the full names of an enum's values by what differs in them."""
    enum: Any = field.enum_type
    names = [value.name for value in enum.values]
    prefix = len(names[0].removesuffix(_UNSPECIFIED))
    return {name[prefix:]: name for name in names}


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def completions(request: Any, incomplete: str) -> Iterator[str]:
    """Yields what a shell offers: the names of fields, and the values of one that is named."""
    name, equals, _ = incomplete.partition("=")
    for known, (_, field) in settable(request).items():
        if not equals:
            yield f"{known}="
        elif known == name:
            yield from (f"{name}={value}" for value in values(field))
