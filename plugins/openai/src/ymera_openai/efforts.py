"""How much each model can be asked to think: the values of reasoning effort that it accepts.

The table `efforts.json` is written by `tables/efforts.py` from dated records.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import orjson

from ymera_service.sdk.generation import ReasoningEffort

TOGGLE = "toggle"
"""Stands beside the values of a model whose thinking can be switched, or limited to a number of tokens."""
_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_VERSION = re.compile(r"-(latest|\d{4}-\d{2}-\d{2}|\d{4,8})$")


@lru_cache(maxsize=4096)
def accepted(vendor: str, model: str) -> tuple[str, ...] | None:
    """Returns the values that a model accepts at a vendor, lowest first; None if that is not known.

    An empty result means that the model does not think, or does so without any control.
    """
    table, name = _table(), model.lower().removeprefix("ft:")
    plain = name.partition(":")[0]
    for each in dict.fromkeys((name, plain, _VERSION.sub("", plain))):
        for key in (f"{vendor}/{each}", f"*/{each.rpartition('/')[2]}"):
            if (values := table.get(key)) is not None:
                return values
    return None


def nearest(values: Sequence[str], asked: ReasoningEffort) -> str | None:
    """Returns the accepted value that is nearest to the one asked for; of two that are equally near, the higher.

    None means that no accepted value fits: a model that only accepts `none` can't be asked to think more.
    """
    wanted = asked is not ReasoningEffort.NONE
    known = [value for value in _ORDER if value in values and not (wanted and value == "none")]
    rank = _ORDER.index(asked.value)
    return min(reversed(known), key=lambda value: abs(_ORDER.index(value) - rank), default=None)


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    stated = orjson.loads(files("ymera_openai").joinpath("efforts.json").read_bytes())["models"]
    return {name: tuple(values.split()) for values, names in stated.items() for name in names}
