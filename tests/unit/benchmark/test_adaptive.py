"""Adaptive runs: as sure as measuring everything, with a fraction of the tasks."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.benchmark.test_schedule import NoSuite
from ymera_service.benchmark.adaptive import AdaptiveSchedule
from ymera_service.benchmark.choices import Standings
from ymera_service.benchmark.evaluation import Evaluator, merged
from ymera_service.benchmark.plan import Job
from ymera_service.benchmark.spending import RunLimits, Spending
from ymera_service.routing.decision import Balance
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt, Usage
from ymera_service.sdk.models import Model, ModelInfo, Price
from ymera_service.storage.records import BenchmarkResult, BenchmarkSummary

RECORDED = Path(__file__).parents[3].parent / "shared" / "routing" / "dev" / "outcomes_llmrouter.jsonl.gz"
READ_EVERY = 8
"""Results after which a simulated run reads them, to take less time."""
PROMPT = Prompt((user("?"),))

Outcomes = Mapping[str, Sequence[Mapping[str, float]]]
"""Category → tasks, and for each the scores of all models."""


class Suite(NoSuite):
    """A suite with another name."""

    def __init__(self, name: str) -> None:
        self.name = name


def result_of(job: Job, score: float | None) -> BenchmarkResult:
    return BenchmarkResult(
        "run",
        datetime.now(UTC),
        job.model.id,
        job.suite.name,
        job.task.category,
        job.task.id,
        score,
        1.0,
        Usage(),
        0,
    )


def model(name: str, price: Price | None = None) -> Model:
    return Model(name, "acme", ModelInfo(name), price)


@dataclass
class Bench:
    """Models whose results are known beforehand."""

    outcomes: Outcomes
    known: Sequence[BenchmarkSummary] = ()
    models: Sequence[Model] = ()
    evaluator: Evaluator = field(init=False)

    def __post_init__(self) -> None:
        names = sorted(next(iter(self.outcomes.values()))[0])
        self.models = self.models or [model(name) for name in names]
        self.suite = Suite("suite")
        self.tasks = [
            (self.suite, BenchmarkTask(f"{category}/{number}", category, PROMPT))
            for category, tasks in self.outcomes.items()
            for number in range(len(tasks))
        ]
        self.evaluator = Evaluator(
            Evidence(),
            Balance(1.0, dict.fromkeys(names, 0.0)),
            self.known,
            models=names,
            measured=names,
            categories=sorted(self.outcomes),
            suites=["suite"],
        )

    def result(self, job: Job) -> BenchmarkResult:
        category, number = job.task.id.rsplit("/", 1)
        return result_of(job, self.outcomes[category][int(number)][job.model.id])

    def adaptive(self, share: Callable[[Job], float] = lambda job: 1.0, slots: int = 1) -> AdaptiveSchedule:
        tasks = {each.id: self.tasks for each in self.models}
        return AdaptiveSchedule(
            self.models, tasks, slots, evaluation=self.evaluator.evaluate(()), suites=["suite"], share=share
        )

    def run_adaptive(self) -> list[BenchmarkResult]:
        schedule, results = self.adaptive(), list[BenchmarkResult]()
        while (job := schedule.start(0.0)) is not None:
            results.append(self.result(job))
            schedule.finish(job)
            if schedule.is_due(len(results)) and (len(results) % READ_EVERY == 0 or schedule.is_settled):
                schedule.learn(self.evaluator.evaluate(results), ())
        assert schedule.is_settled
        return results

    def run_whole(self, count: int) -> list[BenchmarkResult]:
        """Returns the results of as many tasks as a run in the usual order has had by then."""
        order = sorted(self.tasks, key=lambda task: int(task[1].id.rsplit("/", 1)[1]))
        return [self.result(Job(each, *task)) for task in order for each in self.models][:count]


def loss(standings: Standings, truth: Mapping[str, Mapping[str, float]]) -> float:
    """Returns how much quality the choices lose, on average over the categories."""
    chosen = {choice.category: choice.model for choice in standings.choices()}
    return fmean(max(of.values()) - of[chosen[category]] for category, of in truth.items())


def drawn(skills: Mapping[str, Mapping[str, float]], tasks: int, seed: int) -> Outcomes:
    """Returns outcomes of models that solve so large a share of the tasks of each category."""
    draw = Random(seed)
    return {
        category: [{name: float(draw.random() < skill) for name, skill in of.items()} for _ in range(tasks)]
        for category, of in skills.items()
    }


def recorded(tasks: int, seed: int) -> tuple[Outcomes, Mapping[str, Mapping[str, float]]]:
    """Returns some recorded tasks of each data set, and what models score in all of it."""
    rows: dict[str, list[Mapping[str, float]]] = {}
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            scores = {name: one["quality"] for name, one in row["outcomes"].items()}
            rows.setdefault(row["source"], []).append(scores)
    rows = {source: each for source, each in rows.items() if len(each) >= 100}
    truth = {source: {name: fmean(row[name] for row in each) for name in each[0]} for source, each in rows.items()}
    return {source: Random(seed).sample(each, tasks) for source, each in rows.items()}, truth


@pytest.mark.skipif(not RECORDED.exists(), reason="needs the recorded outcomes")
@pytest.mark.timeout(120)
def test_on_recorded_answers_a_third_of_the_tasks_leaves_little_more_doubt_than_all() -> None:
    cases = [(Bench(outcomes), truth) for outcomes, truth in map(recorded, [60, 60, 60], range(3))]
    check_against_whole_runs(cases, most=0.33)


@pytest.mark.timeout(120)
def test_strong_models_are_distinguished_with_a_third_of_the_tasks() -> None:
    """Models differ by what they solve of everything, and less by what they are good at."""
    draw, cases = Random(3), []
    for seed in range(3):
        general = [draw.uniform(0.65, 0.88) for _ in range(8)]
        skills = {
            category: {f"acme/{n}": min(max(of + draw.gauss(0, 0.07), 0.02), 0.98) for n, of in enumerate(general)}
            for category in ("coding", "math", "research", "language", "empathy", "general")
        }
        cases.append((Bench(drawn(skills, 60, seed)), skills))
    check_against_whole_runs(cases, most=0.33)


def check_against_whole_runs(cases: Sequence[tuple[Bench, Mapping[str, Mapping[str, float]]]], most: float) -> None:
    """Compares adaptive runs with runs of all tasks, and with whole runs that stop after as many tasks."""
    doubts, losses = [], []
    for bench, truth in cases:
        results, everything = bench.run_adaptive(), bench.run_whole(10**6)
        assert len(results) <= most * len(everything)
        believed = [bench.evaluator.standings(each) for each in (results, everything, bench.run_whole(len(results)))]
        doubts.append([fmean(choice.expected_loss for choice in each.choices()) for each in believed])
        losses.append([loss(each, truth) for each in believed])
    adaptive, whole, same = np.mean(doubts, axis=0)
    assert adaptive <= whole + 0.01
    assert adaptive <= 0.7 * same
    adaptive, whole, same = np.mean(losses, axis=0)
    assert adaptive <= whole + 0.01
    assert adaptive <= 0.6 * same


def test_a_choice_that_is_sure_already_takes_no_tasks() -> None:
    skills = {
        "math": {"acme/a": 0.9, "acme/b": 0.1},
        "language": {"acme/a": 0.1, "acme/b": 0.9},
        "coding": {"acme/a": 0.6, "acme/b": 0.5},
    }
    known = [
        BenchmarkSummary(name, category, 100, skills[category][name], 1.0, "suite")
        for category in ("math", "language")
        for name in ("acme/a", "acme/b")
    ]
    results = Bench(drawn(skills, 40, 1), known).run_adaptive()
    assert {each.category for each in results} == {"coding"}


def test_the_most_informative_suite_is_used() -> None:
    """Every model solves all of the easy suite, so that only the hard one distinguishes them."""
    names, suites = ["acme/a", "acme/b", "acme/c"], [Suite("easy"), Suite("hard")]
    evaluator = Evaluator(
        Evidence(),
        Balance(1.0, dict.fromkeys(names, 0.0)),
        [
            BenchmarkSummary(name, "math", 20, share, 1.0, suite.name)
            for suite, share in zip(suites, (1.0, 0.5), strict=True)
            for name in names
        ],
        models=names,
        measured=names,
        categories=["math"],
        suites=["easy", "hard"],
    )
    tasks = [(suite, BenchmarkTask(f"{number}", "math", PROMPT)) for suite in suites for number in range(5)]
    schedule = AdaptiveSchedule(
        [model(name) for name in names],
        dict.fromkeys(names, tasks),
        9,
        evaluation=evaluator.evaluate(()),
        suites=["easy", "hard"],
        share=lambda job: 1.0,
    )
    assert {job.suite.name for _ in range(9) if (job := schedule.start(0.0))} == {"hard"}


def test_of_equally_informative_tasks_the_cheap_ones_come_first() -> None:
    models = [model("acme/dear", Price(10_000_000, 10_000_000)), model("acme/cheap", Price(10_000, 10_000))]
    bench = Bench(drawn({"math": {"acme/dear": 0.5, "acme/cheap": 0.5}}, 20, 1), models=models)
    spending = Spending(RunLimits(cost_micros=100_000))
    schedule = bench.adaptive(spending.share, slots=12)
    begun = Counter(job.model.id for _ in range(12) if (job := schedule.start(0.0)))
    assert begun["acme/cheap"] > begun["acme/dear"]


@settings(max_examples=40)
@given(
    skills=st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=2), min_size=1, max_size=5),
    tasks=st.integers(1, 12),
    slots=st.integers(1, 5),
    limit=st.none() | st.integers(0, 30),
    data=st.data(),
)
def test_a_run_ends_and_stays_within_its_limits(
    skills: list[list[float]], tasks: int, slots: int, limit: int | None, data: st.DataObject
) -> None:
    """Whatever the results are, and whichever calls fail or are refused for a while."""
    of = {f"class {n}": {f"acme/{at}": row[n] for at, row in enumerate(skills)} for n in range(2)}
    bench = Bench(drawn(of, tasks, 1))
    schedule, spending = bench.adaptive(slots=slots), Spending(RunLimits(requests=limit))
    results, running, now = list[BenchmarkResult](), list[Job](), 0.0
    calls = 0
    while True:
        while not spending.exhausted and (job := schedule.start(now)) is not None:
            if spending.commit(job):
                calls += 1
                running.append(job)
        assert len(running) <= slots
        if running:
            job = running.pop(data.draw(st.integers(0, len(running) - 1)))
            end = data.draw(st.sampled_from(["answer", "answer", "fail", "refuse"]))
            if end == "refuse" and calls < 200:
                spending.release(job)
                schedule.postpone(job, now, 1.0)
            else:
                results.append(result_of(job, None) if end == "fail" else bench.result(job))
                schedule.finish(job)
        elif spending.exhausted or (rest := schedule.wait(now)) is None:
            break
        else:
            assert rest > 0, "a model that is ready was not used"
            now += rest
        if schedule.is_due(len(results)):
            failed = [(each.model, each.category) for each in results if each.score is None]
            later = [*((job.model.id, job.task.category) for job in running), *failed]
            schedule.learn(bench.evaluator.evaluate(results), later)
    assert limit is None or calls <= limit
    assert max(Counter((each.model, each.task_id) for each in results).values(), default=1) == 1
    assert spending.exhausted or schedule.is_settled


def test_results_are_added_to_what_was_known() -> None:
    job = Job(model("acme/a"), Suite("suite"), BenchmarkTask("1", "math", PROMPT))
    known = [
        BenchmarkSummary("acme/a", "math", 3, 1.0, 2.0, "suite"),
        BenchmarkSummary("acme/b", "math", 1, 0.5, 1.0, "s"),
    ]
    results = [result_of(job, 0.0), result_of(job, None)]
    assert merged(known, results) == [BenchmarkSummary("acme/a", "math", 4, 0.75, 2.0, "suite"), known[1]]
    assert merged([], results) == [BenchmarkSummary("acme/a", "math", 1, 0.0, 1.0, "suite")]
