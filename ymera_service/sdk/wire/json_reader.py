"""Reads JSON that providers write, by one policy for all formats.

- Unknown members are ignored; of members with the same name the last one counts.
- A member that is missing, null or of another type is read as empty, unless it is `required`, or the `words` of the
  answer: then `MalformedResponse` states its path. A whole number may be written as a float, and a code as a number.
- NaN, Infinity and an unpaired surrogate are not valid JSON but are tolerated, so that no answer is lost: the first two
  are read as null, the last as U+FFFD. A byte order mark is skipped.
- A document has at most `LONGEST_DOCUMENT` bytes and is nested at most 1024 deep (200 if it has to be repaired).
"""

import json
import re
from typing import Any, TypeVar

import orjson

from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.generation import MAX_TOKENS

Json = dict[str, Any]
Kind = TypeVar("Kind")

LONGEST_DOCUMENT = 1 << 28
_DEEPEST_MENDED = 200
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(document: bytes | bytearray | str) -> Any:
    """Reads a document.

    Raises:
        StreamInterrupted: It breaks off before its end.
        MalformedResponse: It is not JSON, too long or nested too deeply.
    """
    if len(document) > LONGEST_DOCUMENT:
        raise MalformedResponse(f"the provider sent a document of more than {LONGEST_DOCUMENT} bytes")
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError as error:
        return _read_leniently(document, error)


def read_object(document: bytes | bytearray | str) -> Json:
    """Reads a document that is an object.

    Raises:
        StreamInterrupted: It breaks off before its end.
        MalformedResponse: It is not a JSON object, too long or nested too deeply.
    """
    return as_object(read_json(document))


def strict_object(document: bytes | str) -> Json | None:
    """Returns the object of a document that is forwarded and so has to be strict JSON; None if it is not."""
    try:
        value = orjson.loads(document)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def breaks_off(document: str) -> bool:
    """Returns whether a text is the beginning of a JSON document without its end."""
    try:
        read_json(document)
    except StreamInterrupted:
        return True
    except MalformedResponse:
        pass
    return False


def as_object(value: object) -> Json:
    """Returns the document if it is an object.

    Raises:
        MalformedResponse: It is not an object.
    """
    if isinstance(value, dict):
        return value
    raise MalformedResponse(f"the provider sent {_name(value)}, but its format requires an object")


def required(holder: Json, name: str, kind: type[Kind], within: str = "") -> Kind:
    """Returns a member of this type; `within` is the path of its holder in the document, such as `choices.delta`.

    Raises:
        MalformedResponse: It is missing or of another type.
    """
    value = holder.get(name)
    if isinstance(value, kind):
        return value
    path = f"{within}.{name}" if within else name
    raise MalformedResponse(f"{path}: the provider sent {_name(value)}, but its format requires {kind.__name__}")


def required_count(holder: Json, name: str) -> int:
    """Returns a member that is a count; see `required`."""
    value = count(holder, name)
    if value is None:
        raise MalformedResponse(f"{name}: the provider sent no valid count, which its format requires")
    return value


def text(holder: Json, name: str) -> str:
    """Returns a member that is a string, or an empty string."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def words(holder: Json, name: str, within: str = "") -> str:
    """Returns a part of the answer itself, which must not be lost: text, or an empty string if it is missing.

    Raises:
        MalformedResponse: It is of another type; see `required`.
    """
    value = holder.get(name)
    if isinstance(value, str):
        return value
    return "" if value is None else required(holder, name, str, within)


def member(holder: Json, name: str) -> Json:
    """Returns a member that is an object, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def members(holder: Json, name: str) -> list[Json]:
    """Returns the objects of a member that is a list."""
    value = holder.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(holder: Json, *names: str) -> int | None:
    """Returns the first of the members that is a whole number from 0 to `MAX_TOKENS`."""
    for name in names:
        value = holder.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS:
            return value
    return None


def first(*counts: int | None) -> int:
    """Returns the first count that is not None, or 0."""
    for found in counts:
        if found is not None:
            return found
    return 0


def word(value: object) -> str:
    """Returns a code or reason as text, which vendors also write as a number."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _read_leniently(document: bytes | bytearray | str, refusal: orjson.JSONDecodeError) -> Any:
    try:
        decoded = document if isinstance(document, str) else document.decode()
        if decoded.startswith("\ufeff"):
            return read_json(decoded.lstrip("\ufeff"))
        return _mended(json.loads(decoded, parse_int=_integer, parse_constant=lambda _: None))
    except UnicodeDecodeError as fault:
        raise not_utf_8(fault) from None
    except RecursionError:
        raise MalformedResponse("the provider sent a document that is nested too deeply") from None
    except ValueError as fault:
        ends = {refusal.pos, getattr(fault, "pos", None)}
    if decoded.strip() and len(decoded) in ends:
        raise StreamInterrupted("the answer broke off before its end")
    raise MalformedResponse(f"the provider sent something that is not JSON: {refusal}")


def not_utf_8(fault: UnicodeDecodeError) -> ProviderError:
    """Returns the error of bytes that end inside a character, or of bytes that are not UTF-8."""
    if fault.reason == "unexpected end of data":
        return StreamInterrupted("the answer broke off inside a character")
    return MalformedResponse(f"the provider sent something that is not UTF-8: {fault.reason}")


def _mended(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST_MENDED:
        raise RecursionError
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item, depth + 1) for name, item in value.items()}
    return value


def _integer(digits: str) -> int | float:
    """Returns the same as orjson: a number beyond 64 bits is a float."""
    return int(digits) if len(digits) < 20 else float(digits)


def _name(value: object) -> str:
    return "null" if value is None else type(value).__name__
