"""What quality to expect of a model that was never measured here: from published scores, else from weaker hints.

In the order in which they count: scores of this model; those of the nearest model of its family, and beside them the
size where only this model's is known; how quality usually goes with size; how it usually goes with price. How the table
was made is in `training/make_table.py`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import exp, log
from typing import Any

from ymera_published.names import ModelName, read
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.models import Model
from ymera_service.sdk.priors import Expectation, QualityPrior

_SIZE_UNKNOWN = 0.5
"""How far apart two models of a family count as, if only one of their sizes is known."""
_VARIANT = 0.5
"""How much lower the logit of a variant is expected, such as a fine-tune: by how much relatives usually differ."""
_MICROS_PER_DOLLAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Published:
    """A model with published scores."""

    name: ModelName
    quality: Mapping[str, float]
    sources: Sequence[str]


class PublishedScores(QualityPrior):
    """The prior named "published"."""

    name = "published"

    def __init__(self) -> None:
        table = json.loads(files("ymera_published").joinpath("table.json").read_text())
        self._taken: str = table["taken"]
        self._by_size, self._by_price, self._in_family = table["by_size"], table["by_price"], table["in_family"]
        self._models: defaultdict[frozenset[str], list[Published]] = defaultdict(list)
        for row in table["models"]:
            each = _published(row)
            self._models[each.name.words].append(each)

    def expect(self, model: Model) -> Expectation | None:
        """See `QualityPrior`."""
        name = read(model.info.name)
        if relatives := self._relatives(name):
            return self._from_relative(name, min(relatives, key=lambda each: _distance(name, each.name)))
        if name.size:
            return _alike(self._by_size, name.size, f"models of about {name.size:g} billion parameters")
        if model.price is not None and model.price.output:
            dollars = model.price.output / _MICROS_PER_DOLLAR
            return _alike(self._by_price, dollars, f"models at about ${dollars:.3g} per million output tokens")
        return None

    def _relatives(self, name: ModelName) -> Sequence[Published]:
        """Returns the scored models of the family: those with the most words in common and no others."""
        if same := self._models.get(name.words):
            return same
        # A model distilled from another is not of the other's family.
        families = [words for words in self._models if words < name.words and "distill" not in name.words]
        return self._models[max(families, key=lambda words: (len(words), sorted(words)))] if families else ()

    def _from_relative(self, name: ModelName, nearest: Published) -> Expectation:
        sources = f"{', '.join(nearest.sources)}, {self._taken}"
        newer, larger = _difference(name, nearest.name)
        sized = bool(name.size and not nearest.name.size)
        if name.words == nearest.name.words and not (newer or larger or sized):
            return Expectation(nearest.quality, f"published scores ({sources})")
        by_version, by_size = self._in_family
        # A newer relative may be no better, an older one is hardly ever as good, and a variant serves something else.
        shift = (
            by_version * min(newer, 0.0) + by_size * larger - (0.0 if name.words == nearest.name.words else _VARIANT)
        )
        logits = {category: _logit(each) + shift for category, each in nearest.quality.items()}
        basis = f"published scores of {nearest.name}, a relative ({sources})"
        if sized:
            # A small model is often named after a large one of unknown size, `deepseek-r1:1.5b`: its size says more.
            of_size = _on(self._by_size, name.size)
            logits = {category: (each + 2 * of_size) / 3 for category, each in logits.items()}
            basis = f"{basis}, and its size"
        return Expectation({category: _share(each) for category, each in logits.items()}, basis)


def _published(row: Mapping[str, Any]) -> Published:
    return Published(ModelName(frozenset(row["words"]), row["version"], row["size"]), row["quality"], row["sources"])


def _distance(one: ModelName, other: ModelName) -> tuple[float, float]:
    """Returns how far apart two models of a family are; of those as near, the newest comes first."""
    newer, larger = _difference(one, other)
    unsure = _SIZE_UNKNOWN if bool(one.size) != bool(other.size) else 0.0
    return abs(newer) + abs(larger) + unsure, -other.version


def _difference(one: ModelName, other: ModelName) -> tuple[float, float]:
    """Returns by how much a model is newer, and the logarithm of how much larger it is; 0 where not known."""
    newer = one.version - other.version if one.version and other.version else 0.0
    return newer, log(one.size / other.size) if one.size and other.size else 0.0


def _alike(line: Sequence[float], amount: float, whose: str) -> Expectation:
    quality = _share(_on(line, amount))
    return Expectation(dict.fromkeys(CATEGORIES, quality), f"{whose}, a weak hint")


def _on(line: Sequence[float], amount: float) -> float:
    """Returns the logit of a quality that usually goes with an amount."""
    slope, offset = line
    return slope * log(amount) + offset


def _logit(share: float) -> float:
    return log(share / (1 - share))


def _share(logit: float) -> float:
    return 1 / (1 + exp(-logit))
