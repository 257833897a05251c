"""Routing on measured outcomes of real models: evidence from one part of the prompts, judged on the other."""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean

import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.routing.decision import Preferences, Weights
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.storage.records import BenchmarkSummary

DATA = Path(__file__).parents[3].parent / "shared" / "routing" / "dev"
QUALITY_ALONE = Weights(1, 0, 0)
BALANCED = Weights(0.7, 0.0, 0.3)
TASKS = 50
"""Measured tasks per model and category: graded right or wrong, they distinguish 0.5 from 0.7 but nothing finer."""


@dataclass(frozen=True)
class Prompt:
    id: str
    text: str
    category: str
    outcomes: Mapping[str, tuple[float, float]]


@cache
def shared(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip("the shared routing data is not beside the checkout")
    return path


def table(name: str) -> list[Prompt]:
    with gzip.open(shared(f"outcomes_{name}.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [_prompt(json.loads(line)) for line in lines]


def _prompt(row: dict[str, object]) -> Prompt:
    outcomes = row["outcomes"]
    assert isinstance(outcomes, dict)
    results = {f"p/{model}": (float(o["quality"]), float(o["cost_usd"])) for model, o in outcomes.items()}
    return Prompt(str(row["prompt_id"]), str(row["prompt"]), str(row.get("category") or "general"), results)


def share(prompt: Prompt) -> float:
    return int(hashlib.sha256(prompt.id.encode()).hexdigest()[:8], 16) / 2**32


def prices(name: str) -> dict[str, Price]:
    listed = json.loads(shared("prices.json").read_text())[name]
    return {
        model: Price(round(input_usd * 1e6), round(output_usd * 1e6))
        for model, (input_usd, output_usd) in listed.items()
    }


def summaries(prompts: Iterable[Prompt], tasks: int) -> Iterable[BenchmarkSummary]:
    groups: defaultdict[str, list[Prompt]] = defaultdict(list)
    for prompt in sorted(prompts, key=share):
        groups[prompt.category].append(prompt)
    for category, group in groups.items():
        measured = group[:tasks]
        for model in measured[0].outcomes:
            yield BenchmarkSummary(
                model, category, len(measured), mean(prompt.outcomes[model][0] for prompt in measured), 1.0
            )


def routed(name: str, weights: Weights, tasks: int = TASKS) -> tuple[float, float]:
    """Returns the mean quality and cost in USD of the models chosen for prompts that were not measured."""
    routing = Routing({"p": [ModelInfo(model, price=price) for model, price in prices(name).items()]})
    routing.evidence.load(summaries((prompt for prompt in table(name) if share(prompt) < 0.5), tasks))
    chosen = []
    for prompt in judged(name):
        decision = routing.select(prompt.text, Preferences(weights=weights, category_hint=prompt.category)).decision
        chosen.append(prompt.outcomes[decision.candidates[0].target.model])
    return mean(quality for quality, _ in chosen), mean(cost for _, cost in chosen)


def fixed(name: str) -> dict[str, tuple[float, float]]:
    """Returns the mean quality and cost of each model for the same prompts."""
    prompts = judged(name)
    return {
        model: (mean(p.outcomes[model][0] for p in prompts), mean(p.outcomes[model][1] for p in prompts))
        for model in prompts[0].outcomes
    }


@cache
def judged(name: str) -> list[Prompt]:
    return [prompt for prompt in table(name) if share(prompt) >= 0.5]


TABLES = ("llmrouter", "zeroeval", "routellm")


@pytest.mark.parametrize("name", TABLES)
def test_a_little_evidence_is_much_better_than_the_average_model(name: str) -> None:
    quality, _ = routed(name, QUALITY_ALONE)
    assert quality > mean(quality for quality, _ in fixed(name).values()) + 0.02


@pytest.mark.parametrize("name", TABLES)
def test_a_little_evidence_comes_close_to_the_best_model_known_only_afterwards(name: str) -> None:
    quality, _ = routed(name, QUALITY_ALONE)
    best, _ = max(fixed(name).values())
    assert quality > best - 0.08


@pytest.mark.parametrize("name", TABLES)
def test_weighing_cost_is_neither_dearer_nor_worse_than_taking_the_cheapest(name: str) -> None:
    quality, cost = routed(name, BALANCED)
    _, careless_cost = routed(name, QUALITY_ALONE)
    cheapest_cost, cheapest = min((cost, quality) for quality, cost in fixed(name).values())
    assert cheapest_cost <= cost <= careless_cost
    assert quality > cheapest - 0.01


@pytest.mark.parametrize("name", TABLES)
def test_no_model_that_is_both_better_and_cheaper_was_skipped(name: str) -> None:
    quality, cost = routed(name, BALANCED)
    dominating = [model for model, (q, c) in fixed(name).items() if q > quality + 0.03 and c < cost * 0.9]
    assert dominating == []


def test_the_weight_of_cost_has_a_gradual_effect() -> None:
    costs = [routed("zeroeval", Weights(1 - share, 0, share))[1] for share in (0.0, 0.1, 0.3, 0.6, 1.0)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0] / 5


@pytest.mark.parametrize("name", TABLES)
def test_the_default_weights_keep_most_of_the_quality_of_the_best_model_and_cost_no_more(name: str) -> None:
    quality, cost = routed(name, Weights.between(0.5))
    best, dearest = max(fixed(name).values())
    assert quality >= 0.9 * best
    assert cost <= 1.1 * dearest
