"""Marks up to where the API is to cache a prompt."""

from collections.abc import Iterator
from itertools import chain

from ymera_service.sdk.content import CacheHint
from ymera_service.sdk.wire.json_reader import Json

MOST_MARKS = 4
"""See https://platform.claude.com/docs/en/build-with-claude/prompt-caching."""
_USUAL = 300.0
"""Seconds for which the API keeps what it caches, unless it is asked to keep it for an hour."""


def cache_control(hint: CacheHint | None) -> Json:
    """Returns the member of a block or tool that asks for caching; empty without a hint."""
    if hint is None:
        return {}
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": "1h"} if (hint.ttl or 0) > _USUAL else {})}


def bound(body: Json) -> None:
    """Takes away what the API would refuse: more than the last marks, and a longer time after a shorter one."""
    marked = [block for block in _blocks(body) if "cache_control" in block]
    for block in marked[:-MOST_MARKS]:
        del block["cache_control"]
    usual = False
    for block in marked[-MOST_MARKS:]:
        if usual:
            block["cache_control"].pop("ttl", None)
        usual = usual or "ttl" not in block["cache_control"]


def _blocks(body: Json) -> Iterator[Json]:
    """Yields what may be marked, in the order in which the API reads it."""
    system = body.get("system")
    turns = (block for turn in body["messages"] for block in turn["content"])
    for block in chain(body.get("tools", ()), system if isinstance(system, list) else (), turns):
        yield block
        inner = block.get("content")
        if isinstance(inner, list):
            yield from inner
