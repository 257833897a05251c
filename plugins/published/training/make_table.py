# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "pluggy>=1.6", "pydantic>=2.11"]
# ///
"""Makes the table of expected qualities: `uv run plugins/published/training/make_table.py`.

Reads the published scores and prices in `../shared/catalogue` beside the checkout and writes `table.json` into the
package. Scores of several benchmarks and of their editions are on scales of their own, so a model of them all is
fitted: the logit of a score is the benchmark's slope times the model's ability in the area, plus the benchmark's
offset. An ability is the model's general one plus a deviation in the area. The deviation is drawn towards 0 (ridge), so
that an area in which a model was not scored is expected from the others; the general one is drawn towards what its size
lets expect, where its name says it. Efforts of one model are averaged.
"""

import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2].parent / "shared" / "catalogue"
TABLE = HERE.parent / "src" / "ymera_published" / "table.json"
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parents[2])]

from ymera_published.names import ModelName, read  # noqa: E402  # found by the path above

AREAS = ("coding", "data", "empathy", "faithfulness", "instructions", "language", "math", "reasoning")
MIXES: Mapping[str, Mapping[str, float]] = {
    "coding": {"coding": 1.0},
    "math": {"math": 0.7, "reasoning": 0.3},
    "research": {"data": 0.4, "reasoning": 0.4, "faithfulness": 0.2},
    "language": {"language": 0.7, "instructions": 0.3},
    "empathy": {"empathy": 1.0},
    "general": {"instructions": 0.4, "language": 0.3, "reasoning": 0.3},
}
"""Category → the areas it is expected from."""

SLOPE, OFFSET = 1.3, 1.0
"""The logit of an expected quality is `SLOPE` times the ability plus `OFFSET`: the benchmarks' mean is a share of 0.5,
and what people ask day by day is easier by an odds ratio of e."""
GENERAL_RIDGE, SIZED_RIDGE, AREA_RIDGE, FAITHFULNESS_RIDGE = 0.15, 0.6, 1.0, 0.15
"""The general ability of a model of known size deviates less, as it is expected from the size. Faithful summaries say
little about other abilities, so that area may deviate most."""
SLOPE_RIDGE = 3.0
ROUNDS = 15
_EFFORT = re.compile(r"[-_ (]+(?:x?high|low|medium|minimal)(?:[-_ ]effort)?\)?(?=$|-20)", re.IGNORECASE)

Floats = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Observation:
    """The mean score of one model in one benchmark, as a logit."""

    model: ModelName
    benchmark: str
    area: str
    logit: float


@dataclass(frozen=True)
class Scores:
    """The observations in columns: numbers of models, areas and benchmarks."""

    model: Whole
    area: Whole
    benchmark: Whole
    logit: Floats


def observations() -> list[Observation]:
    """Returns the published scores, those of one model's efforts averaged.

    Models of which nothing but the faithfulness of summaries was published are left out: it says too little.
    """
    scores: defaultdict[tuple[ModelName, str, str], list[float]] = defaultdict(list)
    for row in _rows("quality.jsonl.gz"):
        if " + " not in row["model"]:
            scores[_name(row["model"]), _edition(row), row["area"]].append(row["score"])
    told = {name for name, _, area in scores if area != "faithfulness"}
    return [Observation(*key, _logit(float(np.mean(each)))) for key, each in scores.items() if key[0] in told]


def _rows(file: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / file, "rt") as lines:
        yield from map(json.loads, lines)


def _name(published: str) -> ModelName:
    # Only Mistral and Phi have models that are called medium.
    return read(published if re.search("mistral|phi", published, re.IGNORECASE) else _EFFORT.sub(" ", published))


def _edition(row: Mapping[str, Any]) -> str:
    dated = row["benchmark"].startswith("LiveBench")
    return f"{row['benchmark']} {row['release']}" if dated else str(row["benchmark"])


def _logit(share: float) -> float:
    bounded = min(max(share, 0.02), 0.98)
    return log(bounded / (1 - bounded))


def abilities(observed: list[Observation]) -> dict[ModelName, Floats]:
    """Returns the ability of each model in each of the `AREAS`; 0 is the mean model's."""
    models = list(dict.fromkeys(each.model for each in observed))
    benchmarks = list(dict.fromkeys(each.benchmark for each in observed))
    scores = Scores(
        model=np.array([models.index(each.model) for each in observed]),
        area=np.array([AREAS.index(each.area) for each in observed]),
        benchmark=np.array([benchmarks.index(each.benchmark) for each in observed]),
        logit=np.array([each.logit for each in observed]),
    )
    sizes = np.array([[bool(each.size), log(each.size or 1.0)] for each in models])
    slopes = np.ones(len(benchmarks))
    for _ in range(ROUNDS):
        ability = _abilities(scores, slopes, sizes)
        slopes = _slopes(scores, ability[scores.model, scores.area], len(benchmarks))
    return dict(zip(models, ability, strict=True))


def _abilities(scores: Scores, slopes: Floats, sizes: Floats) -> Floats:
    """Returns the abilities that fit best with given slopes: a ridge regression.

    `sizes` says of each model whether its size is known, and its logarithm.
    """
    count, benchmarks = len(sizes), len(slopes)
    rows, slope, deviations = np.arange(len(scores.logit)), slopes[scores.benchmark], count * len(AREAS)
    design = np.zeros((len(scores.logit), count + deviations + benchmarks + 2))
    design[rows, scores.model] = slope
    design[rows, count + scores.model * len(AREAS) + scores.area] = slope
    design[rows, count + deviations + scores.benchmark] = 1
    design[:, -2:] = slope[:, None] * sizes[scores.model]
    per_area = [FAITHFULNESS_RIDGE if each == "faithfulness" else AREA_RIDGE for each in AREAS]
    free = np.full(benchmarks + 2, 1e-3)
    general_ridge = np.where(sizes[:, 0] > 0, SIZED_RIDGE, GENERAL_RIDGE)
    ridge = np.concatenate([general_ridge, np.tile(per_area, count), free])
    solved = np.linalg.solve(design.T @ design + np.diag(ridge), design.T @ scores.logit)
    general, deviation = solved[:count] + sizes @ solved[-2:], solved[count : count + deviations]
    fitted: Floats = (general - general.mean())[:, None] + deviation.reshape(count, len(AREAS))
    return fitted


def _slopes(scores: Scores, ability: Floats, count: int) -> Floats:
    """Returns how much of an ability each benchmark shows, drawn towards 1; `ability` is that behind each score."""
    slopes = np.empty(count)
    for one in range(count):
        mine = scores.benchmark == one
        x, y = ability[mine] - ability[mine].mean(), scores.logit[mine] - scores.logit[mine].mean()
        slopes[one] = np.clip((x @ y + SLOPE_RIDGE) / (x @ x + SLOPE_RIDGE), 0.3, 2.0)
    return slopes


def qualities(ability: Floats) -> dict[str, float]:
    """Returns the expected quality in each category."""
    by_area = dict(zip(AREAS, ability, strict=True))
    return {
        category: round(float(share(sum(weight * by_area[area] for area, weight in mix.items()))), 3)
        for category, mix in MIXES.items()
    }


def share(ability: Any) -> Any:
    """Returns the quality that goes with an ability."""
    return 1 / (1 + np.exp(-(SLOPE * ability + OFFSET)))


def hints(known: Mapping[ModelName, Floats]) -> dict[str, list[float]]:
    """Returns what the logit of a quality goes with.

    `by_size` and `by_price` are slope and offset over the logarithm of a model's size and of its output price;
    `in_family` are the slopes over the difference in version and over the logarithm of the ratio of sizes.
    """
    told = {name: float(ability.mean()) for name, ability in known.items()}
    prices: defaultdict[ModelName, list[float]] = defaultdict(list)
    for row in _rows("models.jsonl.gz"):
        if price := (row.get("cost") or {}).get("output"):
            prices[read(row["id"])].append(price)
    by_size = [(name.size, ability) for name, ability in told.items() if name.size]
    by_price = [(float(np.median(prices[name])), ability) for name, ability in told.items() if name in prices]
    return {"by_size": _line(by_size), "by_price": _line(by_price), "in_family": _in_family(told)}


def _in_family(told: Mapping[ModelName, float]) -> list[float]:
    pairs = [
        (one.version - other.version, log(one.size / other.size) if one.size and other.size else 0.0, mine - its)
        for one, mine in told.items()
        for other, its in told.items()
        if one.words == other.words and one.version and other.version and bool(one.size) == bool(other.size)
    ]
    differences = np.array(pairs)
    slopes, *_ = np.linalg.lstsq(differences[:, :2], differences[:, 2], rcond=None)
    return [round(float(SLOPE * slope), 4) for slope in slopes]


def _line(pairs: list[tuple[float, float]]) -> list[float]:
    """Returns slope and offset, one standard deviation below the mean: those who are scored are the better ones."""
    x, y = np.log([x for x, _ in pairs]), np.array([y for _, y in pairs])
    slope, offset = np.polyfit(x, y, 1)
    lower = offset - np.std(y - slope * x - offset)
    return [round(float(SLOPE * slope), 4), round(float(SLOPE * lower + OFFSET), 4)]


def main() -> None:
    """Writes the table."""
    observed = observations()
    known = abilities(observed)
    sources: defaultdict[ModelName, set[str]] = defaultdict(set)
    for row in _rows("quality.jsonl.gz"):
        sources[_name(row["model"])].add(row["benchmark"].split()[0])
    models = [
        {
            "words": sorted(name.words),
            "version": name.version,
            "size": name.size,
            "quality": qualities(ability),
            "sources": sorted(sources[name]),
        }
        for name, ability in known.items()
    ]
    models.sort(key=lambda row: (row["words"], row["version"], row["size"]))
    rows = ",\n".join(json.dumps(row) for row in models)
    line = json.dumps(hints(known))[1:-1]
    TABLE.write_text(f'{{"taken": "2026-07", {line}, "models": [\n{rows}\n]}}\n')
    sys.stderr.write(f"{len(models)} models; {line}\n")


if __name__ == "__main__":
    main()
