"""Reading the vendor's JSON: what is absent or null is empty, what has another type is malformed."""

from typing import Any

import orjson

from ymera_service.sdk.errors import MalformedResponse

Record = dict[str, Any]


def parse(document: str | bytes) -> Record:
    """Reads one JSON object.

    Raises:
        MalformedResponse: It is no JSON, or no object.
    """
    try:
        return record(orjson.loads(document))
    except orjson.JSONDecodeError as error:
        raise MalformedResponse(f"the provider sent something that is no JSON: {error}") from None


def record(value: object) -> Record:
    """Returns an object; nothing counts as an empty one."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise MalformedResponse(f"the provider sent {type(value).__name__} where its format has an object")


def records(holder: Record, name: str) -> list[Record]:
    """Returns a member that is a list of objects."""
    value = holder.get(name)
    if value is None:
        return []
    if isinstance(value, list):
        return [record(item) for item in value]
    raise MalformedResponse(f"the provider sent {type(value).__name__} where its format has a list: {name}")


def text(holder: Record, name: str) -> str:
    """Returns a member that is a string."""
    value = holder.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise MalformedResponse(f"the provider sent {type(value).__name__} where its format has text: {name}")


def count(holder: Record, name: str) -> int | None:
    """Returns a member that is a whole number of at least 0; `None` where it is not told."""
    value = holder.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise MalformedResponse(f"the provider sent {value!r} where its format has a count: {name}")
