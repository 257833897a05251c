"""Reads tables of recorded outcomes; their README says how they were obtained."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

DATA = Path(__file__).parents[3].parent / "shared" / "routing" / "dev"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one model's answer to one prompt was worth, from 0 to 1, its cost in USD, and its tokens; 0 if not known."""

    quality: float
    cost: float
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A prompt and what came of it: model → outcome."""

    text: str
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Prompts with the outcomes of the same models.

    Attributes:
        prices: Model → USD per million input and output tokens.
    """

    name: str
    prompts: Sequence[Prompt]
    prices: Mapping[str, tuple[float, float]]

    def arranged(self, order: int) -> Sequence[Prompt]:
        """Returns the prompts in an order of arrival, always the same for a number."""
        return Random(order).sample(self.prompts, len(self.prompts))


def tables(folder: Path = DATA) -> Sequence[Table]:
    """Returns the tables of a folder."""
    prices = json.loads((folder / "prices.json").read_text(encoding="utf-8"))
    names = [path.name.removeprefix("outcomes_").removesuffix(".jsonl.gz") for path in folder.glob("outcomes_*")]
    return [Table(name, _prompts(folder / f"outcomes_{name}.jsonl.gz"), prices[name]) for name in sorted(names)]


def _prompts(path: Path) -> Sequence[Prompt]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Prompt(row["prompt"], {name: _outcome(one) for name, one in row["outcomes"].items()}) for row in rows]


def _outcome(row: Mapping[str, float]) -> Outcome:
    return Outcome(float(row["quality"]), float(row["cost_usd"]), int(row.get("output_tokens") or 0))


def means(prompts: Sequence[Prompt]) -> Mapping[str, Outcome]:
    """Returns model → the mean of its outcomes."""
    outcomes = {model: [prompt.outcomes[model] for prompt in prompts] for model in prompts[0].outcomes}
    return {
        model: Outcome(fmean(one.quality for one in each), fmean(one.cost for one in each))
        for model, each in outcomes.items()
    }
