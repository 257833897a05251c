"""Features of the groups of words in a text, and of their order.

Each word has a kind, one byte that encodes the groups it belongs to. A text is then a byte string, in which words
without a group are removed and groups are counted without a loop in Python.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import getitem

from ymera_lexical.cues import GROUPS

REACH = 5
"""The maximum distance, in words, at which one group counts as following another."""

_NAMES = tuple(GROUPS)


def _groups_of() -> dict[str, bytes]:
    groups: dict[str, bytes] = {}
    for number, words in enumerate(GROUPS.values()):
        for word in set(words.split()):
            groups[word] = groups.get(word, b"") + bytes([number])
    return groups


GROUPS_OF = _groups_of()
"""The groups that a word belongs to, each as its number in `GROUPS`."""
_OF_KIND = (b"", *sorted(set(GROUPS_OF.values())), b"")
"""The groups of each kind: kind 0 is for words without a group, the last kind is a gap."""
_KINDS = {word: _OF_KIND.index(groups) for word, groups in GROUPS_OF.items()}
_NONE, _GAP = bytes([0]), bytes([len(_OF_KIND) - 1])
_FOLLOWS = [
    [tuple(f"{_NAMES[left]}>{_NAMES[right]}" for left in before for right in after) for after in _OF_KIND]
    for before in _OF_KIND
]
"""The features of a kind and the kind that follows it."""


def _steps(group: str, count: int, dense: bool) -> Sequence[str]:
    """Returns features for one or more, several, and many in proportion to the length."""
    steps = [f"#{group}", *(f"#{group}>{step}" for step in (1, 3) if count > step)]
    return [*steps, f"#{group} dense"] if dense else steps


_MOST = 4
"""The largest count with different features; all larger ones have the same."""
_STEPS = [[[_steps(name, count, dense) for dense in (False, True)] for count in range(_MOST + 1)] for name in _NAMES]


def group_features(words: Sequence[str]) -> set[str]:
    """Returns features of the groups that words belong to."""
    # Words without a group are removed; a run of them that is longer than the maximum distance leaves a gap.
    cues = bytes(map(_KINDS.get, words, repeat(0))).replace(_NONE * REACH, _GAP).translate(None, _NONE)
    found: set[str] = set().union(*map(getitem, map(_FOLLOWS.__getitem__, cues), cues[1:]))
    groups = b"".join(map(_OF_KIND.__getitem__, cues))
    for group in set(groups):
        count = groups.count(group)
        found.update(_STEPS[group][min(count, _MOST)][count * 12 > len(words)])
    return found
