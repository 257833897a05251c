"""Reading JSON of uncertain shape: what is missing or of the wrong type is empty, never an exception."""

from typing import Any

Json = dict[str, Any]


def text(holder: Json, name: str) -> str:
    """Returns a member that is a string, or an empty string."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def member(holder: Json, name: str) -> Json:
    """Returns a member that is an object, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def members(holder: Json, name: str) -> list[Json]:
    """Returns the objects of a member that is a list."""
    value = holder.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(holder: Json, *names: str) -> int | None:
    """Returns the first of the members that is a number, as a count of at least 0."""
    for name in names:
        value = holder.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return max(int(value), 0)
    return None


def word(value: object) -> str:
    """Returns a code or reason as text, which vendors also write as a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
