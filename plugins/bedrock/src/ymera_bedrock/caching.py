"""Marks up to where the API is to cache a prompt."""

from collections.abc import Iterator

from ymera_bedrock.profiles import Profile
from ymera_service.sdk.content import CacheHint
from ymera_service.sdk.wire.json_reader import Json

MOST_POINTS = 4
"""See https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html."""
_USUAL = 300.0
"""Seconds for which the API keeps what it caches, unless it is asked to keep it for an hour."""


def cache_point(hint: CacheHint | None, profile: Profile) -> list[Json]:
    """Returns the block that follows what is to be cached; none without a hint, or if the model does not cache."""
    if hint is None or not profile.caches:
        return []
    hour = profile.caches_hours and (hint.ttl or 0) > _USUAL
    return [{"cachePoint": {"type": "default"} | ({"ttl": "1h"} if hour else {})}]


def bound(body: Json) -> None:
    """Takes away what the API would refuse: more than the last points, and a longer time after a shorter one."""
    points = [(blocks, block) for blocks in _lists(body) for block in blocks if "cachePoint" in block]
    for blocks, block in points[:-MOST_POINTS]:
        del blocks[next(index for index, each in enumerate(blocks) if each is block)]
    usual = False
    for _, block in points[-MOST_POINTS:]:
        if usual:
            block["cachePoint"].pop("ttl", None)
        usual = usual or "ttl" not in block["cachePoint"]


def _lists(body: Json) -> Iterator[list[Json]]:
    """Yields the lists that may hold points, in the order in which the API reads them."""
    yield body.get("toolConfig", {}).get("tools", [])
    yield body.get("system", [])
    for message in body["messages"]:
        yield message["content"]
