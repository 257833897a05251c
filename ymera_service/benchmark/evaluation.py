"""How good the models of a run are taken to be, by what was known before and the results since."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ymera_service.benchmark.choices import Floats, Standings
from ymera_service.routing.decision import Balance
from ymera_service.routing.learning.difficulty import information
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.storage.records import BenchmarkResult, BenchmarkSummary


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the results of a run say.

    Attributes:
        information: How much a task of a suite would add to what is known: category → models (rows) × suites (columns).
        results: How many results of the run these are.
    """

    standings: Standings
    information: Mapping[str, Floats]
    results: int = 0


class Evaluator:
    """Works out what results say of models. May be used in a thread, as that takes some time with many models."""

    def __init__(
        self,
        evidence: Evidence,
        balance: Balance,
        known: Iterable[BenchmarkSummary],
        *,
        models: Sequence[str],
        measured: Sequence[str],
        categories: Sequence[str],
        suites: Sequence[str],
    ) -> None:
        """Takes what was known before the run, the models that routing may choose, and what the run measures.

        Models that are chosen only by name are left out; if all that are measured are such, they are compared alone.
        """
        self._evidence = evidence
        self._known = list(known)
        chosen = [model for model in models if model in balance.others]
        self.models = chosen if not set(chosen).isdisjoint(measured) else list(measured)
        self.categories = categories
        self.suites = suites
        self._others = np.array([balance.others.get(model, 0.0) for model in self.models])
        self._weight = balance.quality

    def standings(self, results: Sequence[BenchmarkResult]) -> Standings:
        """Returns what is believed of the models."""
        return self._standings(merged(self._known, results))

    def evaluate(self, results: Sequence[BenchmarkResult]) -> Evaluation:
        """Returns what the results say, and how much tasks would add."""
        summaries = merged(self._known, results)
        found = {
            category: information(summaries, category, self.models, self.suites, self._evidence.expected)
            for category in self.categories
        }
        return Evaluation(self._standings(summaries), found, len(results))

    def _standings(self, summaries: Sequence[BenchmarkSummary]) -> Standings:
        qualities = self._evidence.believing(summaries)
        places = [(model, category) for model in self.models for category in self.categories]
        beliefs = [qualities.belief(*place) for place in places]
        # What is known of other categories moves a mean, but a choice is not to be taken as sure by it: what a model is
        # above or below in a category, beyond what it and the category usually are, has a variance of 0.005 to 0.03 in
        # three tables of recorded answers, about that of the prior alone.
        elsewhere = [qualities.elsewhere(*place) for place in places]
        shape = len(self.models), len(self.categories)
        means = np.array([each.mean for each in beliefs], float).reshape(shape)
        tasks = (np.array([each.tasks for each in beliefs], float) - elsewhere).reshape(shape)
        return Standings(self.models, self.categories, means, tasks, self._others, self._weight)


def merged(known: Iterable[BenchmarkSummary], results: Iterable[BenchmarkResult]) -> list[BenchmarkSummary]:
    """Returns the summaries with the graded ones of some results that they don't cover."""
    found = {(each.model, each.category, each.suite): each for each in known}
    scores: defaultdict[tuple[str, str, str], list[BenchmarkResult]] = defaultdict(list)
    for each in results:
        if each.score is not None:
            scores[each.model, each.category, each.suite].append(each)
    for key, group in scores.items():
        model, category, suite = key
        total = sum(each.score or 0.0 for each in group)
        before = found.get(key) or BenchmarkSummary(model, category, 0, 0.0, group[0].duration, suite)
        tasks = before.tasks + len(group)
        found[key] = replace(before, tasks=tasks, score=min((before.score * before.tasks + total) / tasks, 1.0))
    return list(found.values())
