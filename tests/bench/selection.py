"""Times a routing decision: CPU microseconds per `select`, from 2 to 1,000 models.

    python tests/bench/selection.py [--rounds 20] [--split] [--cold]

Each figure is taken over 200 requests that differ in length and categories; of several rounds the quickest counts for
each request, as other load only ever adds. Where benchmark tasks and answers to similar requests correct what is
expected, finding them is part of a decision; the space that tasks take is shown besides. `--split` shows the time per
step. With `--cold`, other work pushes what decisions need out of the processor's caches before each of them, as the
rest of a request does. Only the ratios carry over to other machines.
"""

import argparse
import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
from ratings import rating
from ymera_policies.policies import BestQuality, CheapestGoodEnough, RoundRobin

from ymera_service.catalog import CatalogSnapshot
from ymera_service.catalog.versions import model_of
from ymera_service.routing.decision import Preferences, Weights
from ymera_service.routing.filters import Sifted, filters_for, sift
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.neighbours import MOST_KEPT
from ymera_service.routing.policy import arrange
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.prompts.features import BUCKETS, VERSION, Features
from ymera_service.routing.prompts.features import to_json as stored
from ymera_service.routing.scoring import Scores, score
from ymera_service.routing.selection import select
from ymera_service.routing.sessions.affinity import NO_AFFINITY
from ymera_service.routing.snapshot import RANKED, RoutingRequest, Snapshot
from ymera_service.routing.stored import to_json
from ymera_service.routing.table import Table, bits_of
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.storage.benchmark_tasks import MeasuredTasks
from ymera_service.storage.records import BenchmarkSummary

SIZES = (2, 10, 150, 1_000)
PROVIDERS = ("anthropic", "google", "openai", "openrouter")
PER_ROUND = 200
WEIGHTS = Weights(0.6, 0.15, 0.25)
TASKS = 1_200
NOW = datetime(2026, 11, 29, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class State:
    """The state and request of a scenario."""

    measured: bool = False
    preferences: Preferences = field(default_factory=Preferences)
    open_domains: Mapping[str, float] = field(default_factory=dict)
    policy: RoutingPolicy | None = None
    similar: bool = False


STATES = {
    "nothing measured": State(),
    "all measured": State(measured=True),
    "similar tasks and answers": State(measured=True, similar=True),
    "allow list": State(
        measured=True, preferences=Preferences(allow_models=("openai/*", "*-7", "anthropic/*4*"), deny_models=("*-2",))
    ),
    "endpoint open": State(measured=True, open_domains={"openai@": 2.0}),
    "policy best-quality": State(measured=True, policy=BestQuality()),
    "policy cheapest-good-enough": State(measured=True, policy=CheapestGoodEnough(0.9)),
    "policy round-robin": State(measured=True, policy=RoundRobin()),
}


def catalogue(size: int) -> CatalogSnapshot:
    """Returns models that differ in price, window and capabilities."""
    draw = random.Random(size)
    models = []
    for number in range(size):
        info = ModelInfo(
            f"family-{number % 37}-model-{number}",
            capabilities=frozenset(draw.sample(list(Capability), draw.randint(2, 6))),
            context_window=draw.choice([0, 8_000, 128_000, 200_000, 1_000_000]),
            max_output_tokens=draw.choice([0, 4_096, 64_000]),
        )
        price = None if number % 11 == 5 else Price(draw.randint(0, 10_000_000), draw.randint(0, 40_000_000))
        models.append(model_of(PROVIDERS[number % len(PROVIDERS)], info, price))
    return CatalogSnapshot({model.id: model for model in models}, {})


def evidence_of(catalog: CatalogSnapshot) -> Evidence:
    """Returns benchmark results in six categories and a measured call for each model."""
    draw, evidence = random.Random(1), Evidence()
    evidence.load(
        BenchmarkSummary(model, category, draw.randint(1, 40), draw.random(), draw.uniform(0.5, 20))
        for model in catalog.models
        for category in CATEGORIES
    )
    for model in catalog.models:
        evidence.observe(model, output_tokens=100, time_to_first_token=draw.random(), duration=draw.uniform(1, 20))
    return evidence


def experienced(catalog: CatalogSnapshot) -> Evidence:
    """Returns results of single tasks and judged answers: half of the models are better at what is complex."""
    evidence, draw, models = evidence_of(catalog), random.Random(5), [*catalog.models]
    evidence.load(evidence.benchmarks, (), tasks_of(models))
    rated, features = [], {}
    for number in range(MOST_KEPT):
        model, one, name = draw.choice(models), _features(draw), str(number)
        features[name] = one
        rated.append(rating(name, NOW, model, "coding", _quality(model, one)))
    evidence.learn(rated, features, past=True)
    return evidence


def tasks_of(models: Sequence[str]) -> MeasuredTasks:
    """Returns `TASKS` tasks that all models did."""
    draw = random.Random(4)
    asked = [_features(draw) for _ in range(TASKS)]
    scores = {model: (range(TASKS), [_quality(model, one) for one in asked]) for model in models}
    return MeasuredTasks(dict(enumerate(map(stored, asked))), scores)


def _quality(model: str, features: Features) -> float:
    return float((features.complexity > 0.5) == (len(model) % 2 == 0))


def _features(draw: random.Random) -> Features:
    shares = [draw.random() for _ in CATEGORIES]
    words = draw.sample(range(BUCKETS), draw.randint(5, 60))
    categories = {name: share / sum(shares) for name, share in zip(CATEGORIES, shares, strict=True)}
    return Features(VERSION, categories, {}, draw.random(), draw.randint(10, 3_000), (), tuple(sorted(words)))


def requests(state: State) -> Sequence[RoutingRequest]:
    """Returns requests of several lengths and mixtures of categories."""
    draw = random.Random(2)
    return [_request(draw, state.preferences) for _ in range(PER_ROUND)]


def _request(draw: random.Random, preferences: Preferences) -> RoutingRequest:
    shares = sorted((draw.random() for _ in CATEGORIES), reverse=True)
    names = draw.sample(CATEGORIES, len(CATEGORIES))
    probabilities = {name: share / sum(shares) for name, share in zip(names, shares, strict=True)}
    tokens, tools = draw.randint(10, 20_000), frozenset({Capability.TOOLS} if draw.random() < 0.3 else ())
    needs = Needs(tools, tokens, 400, Usage(tokens, 400), 1)
    return RoutingRequest(preferences, probabilities, needs, features=_features(draw))


def snapshot_of(size: int, state: State) -> tuple[Snapshot, Evidence]:
    """Returns the snapshot for decisions in this state, and what is known in it."""
    catalog = catalogue(size)
    evidence = experienced(catalog) if state.similar else evidence_of(catalog) if state.measured else Evidence()
    table = Table(catalog, evidence.qualities)
    paces = evidence.paces(table.targets)
    return Snapshot(table, paces, WEIGHTS, 0.0, state.open_domains, NO_AFFINITY, 7, policy=state.policy), evidence


def deciding(size: int, state: State) -> Callable[[RoutingRequest], object]:
    """Returns what decides for a request."""
    snapshot, evidence = snapshot_of(size, state)

    def decide(request: RoutingRequest) -> object:
        assert request.features is not None
        corrected = replace(snapshot, corrections=evidence.corrections(request.features))
        assert corrected.corrections is not None
        return select(request, corrected)

    return decide if state.similar else partial(select, snapshot=snapshot)


def space_of_tasks(size: int) -> float:
    """Returns the megabytes that tasks of this many models take in routing."""
    evidence, tasks = Evidence(), tasks_of([*catalogue(size).models])
    tracemalloc.start()
    evidence.load((), (), tasks)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / 1e6


class OtherWork:
    """Reads more memory than the caches of a core hold: a large array, and objects all over the heap."""

    def __init__(self) -> None:
        self._array = np.zeros(300_000)
        objects = [(number, str(number)) for number in range(200_000)]
        self._objects = random.Random(3).sample(objects, 8_000)

    def __call__(self) -> float:
        """Does it."""
        return float(self._array.sum()) + sum(len(text) for _, text in self._objects)


def timed(
    work: Callable[[RoutingRequest], object],
    batch: Sequence[RoutingRequest],
    rounds: int,
    between: Callable[[], object] | None = None,
) -> tuple[float, float]:
    """Returns the median and the 99th percentile over the requests, each in its quickest round, in microseconds.

    What is done `between` is not counted.
    """
    each = []
    for _ in range(rounds):
        gc.collect()
        each.append([_spent(work, request, between) for request in batch])
    quickest = sorted(min(times) for times in zip(*each, strict=True))
    return statistics.median(quickest) / 1_000, quickest[len(quickest) * 99 // 100] / 1_000


def _spent(
    work: Callable[[RoutingRequest], object], request: RoutingRequest, between: Callable[[], object] | None
) -> int:
    if between is not None:
        between()
    start = time.thread_time_ns()
    work(request)
    return time.thread_time_ns() - start


def usable(size: int, state: State) -> bool:
    """Returns whether the state leaves any target at this size."""
    return size >= len(PROVIDERS) or not (state.preferences.allow_models or state.open_domains)


def compare(rounds: int, between: Callable[[], object] | None) -> None:
    """Prints the time of a decision by state and size."""
    print(f"{'µs per select, median / p99':<28}" + "".join(f"{size:>16,}" for size in SIZES))
    for name, state in STATES.items():
        cells = []
        for size in SIZES:
            if not usable(size, state):
                cells.append("–")
                continue
            median, tail = timed(deciding(size, state), requests(state), rounds, between)
            cells.append(f"{median:.0f} / {tail:.0f}")
        print(f"{name:<28}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
    spaces = [f"{space_of_tasks(size):.0f}" for size in SIZES]
    print(f"{'MB, similar tasks':<28}" + "".join(f"{space:>16}" for space in spaces))


def split(rounds: int) -> None:
    """Prints the time of each step of a decision."""
    print(f"{'µs, median':<28}" + "".join(f"{size:>16,}" for size in SIZES))
    state = STATES["all measured"]
    batch = requests(state)
    columns = [_steps(snapshot_of(size, state)[0], batch, rounds) for size in SIZES]
    for name in columns[0]:
        print(f"{name:<28}" + "".join(f"{column[name]:>16.0f}" for column in columns))


def _steps(snapshot: Snapshot, batch: Sequence[RoutingRequest], rounds: int) -> dict[str, float]:
    table, paces = snapshot.table, snapshot.paces

    def masks(request: RoutingRequest) -> Sifted:
        filters = filters_for(
            request.preferences,
            request.needs,
            table,
            required=bits_of(request.needs.capabilities | request.preferences.required_capabilities),
            paces=paces,
            open_domains=snapshot.open_domains,
            paused_domains=snapshot.paused_domains,
        )
        return sift(filters, table)

    def scores(request: RoutingRequest) -> Scores:
        return score(
            table,
            paces,
            table.everyone,
            needs=request.needs,
            probabilities=request.probabilities,
            weights=WEIGHTS,
        )

    totals = scores(batch[0]).totals
    numbers = table.numbers if isinstance(totals, list) else table.hashes
    decision = select(batch[0], snapshot).decision
    works: dict[str, Callable[[RoutingRequest], object]] = {
        "masks": masks,
        "scores": scores,
        "top 16": lambda _: arrange(totals, numbers, seed=7, limit=RANKED),
        "everything, with texts": lambda request: select(request, snapshot),
        "the stored form, afterwards": lambda _: to_json(decision),
    }
    return {name: timed(work, batch, rounds)[0] for name, work in works.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--split", action="store_true")
    parser.add_argument("--cold", action="store_true")
    chosen = parser.parse_args()
    if chosen.split:
        split(chosen.rounds)
    else:
        compare(chosen.rounds, OtherWork() if chosen.cold else None)
