"""The patterns with which callers name models."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cached_property, lru_cache
from heapq import nlargest

MAX_COMPARED = 16
"""The number of names that a mistyped name is compared with in detail."""


class Names:
    """The ids of one snapshot, indexed for matching."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = sorted(ids)
        self._by_id = {known: [known] for known in self._ids}
        self._by_name: Mapping[str, list[str]] = self._named()

    def match(self, pattern: str) -> list[str]:
        """Returns the ids that a pattern matches, sorted; matching is case-sensitive.

        The first of these with a result is used: an exact id; a model's name without its provider, which matches
        that model at every provider; a pattern over ids in which `*` matches any text, slashes included, `?` one
        character and `[…]` one of several characters.
        """
        exact = self._by_id.get(pattern) or self._by_name.get(pattern)
        if exact is not None:
            return list(exact)
        if not any(sign in pattern for sign in "*?["):
            return []
        matches = _compiled(pattern).match
        return [known for known in self._ids if matches(known)]

    def close_to(self, pattern: str) -> list[str]:
        """Returns up to three ids that are similar to a mistyped pattern, the most similar first."""
        near = difflib.get_close_matches(pattern, self._similar(pattern), n=3, cutoff=0.5)
        ids = [known for name in near for known in self._by_id.get(name) or self._by_name[name]]
        return list(dict.fromkeys(ids))[:3]

    def _similar(self, pattern: str) -> list[str]:
        """Returns the ids and names that share most pairs of letters, as comparing all takes 0.1 seconds."""
        pairs = _pairs(pattern)
        shared = Counter(name for pair in pairs for name in self._by_pair.get(pair, ()))
        return nlargest(MAX_COMPARED, shared, key=lambda name: shared[name] / (len(name) + len(pattern)))

    @cached_property
    def _by_pair(self) -> Mapping[str, list[str]]:
        by_pair: dict[str, list[str]] = {}
        for name in dict.fromkeys([*self._ids, *self._by_name]):
            for pair in _pairs(name):
                by_pair.setdefault(pair, []).append(name)
        return by_pair

    def _named(self) -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = {}
        for known in self._ids:
            by_name.setdefault(known.partition("/")[2], []).append(known)
        return by_name


def _pairs(name: str) -> set[str]:
    return {name[start : start + 2] for start in range(len(name) - 1)}


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
