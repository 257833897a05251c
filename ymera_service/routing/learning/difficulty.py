"""Joins what models did in suites of different difficulty into one score per model and category.

A mean over all tasks would cost a model its place that was measured in a hard suite only. So each suite has a
difficulty and each model an ability, and a model solves a task of a suite with the probability

    p = 1 / (1 + exp(-(ability - difficulty)))

which is the model of G. Rasch (Probabilistic Models for Some Intelligence and Attainment Tests, 1960), with one
difficulty for all tasks of a suite in a category. Models that were measured in several suites show how these compare.
What the results leave open is decided by priors: a model is about as able as is expected of it, and suites are about
equally hard. The most probable values are found by Newton's method, for all models and then for all suites in turn,
which converges as the posterior has one maximum.

Where answers of two models were compared, the better one is of the model i with the probability

    p = 1 / (1 + exp(-(ability of i - ability of j)))

by the same abilities (R. Bradley and M. Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 39, 1952): two
models that answer the same task meet the same difficulty. A tie is half a win of each.

A model's score is then what it would have had over all tasks of the category: the mean of its p over the suites,
weighted by their tasks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from ymera_service.storage.comparisons import Matches
from ymera_service.storage.records import BenchmarkSummary

Floats = NDArray[np.float64]
Expected = Callable[[str, str], float]
"""Model id and category → the score that is expected before anything is measured, from 0 to 1."""

ABILITY_SPREAD = 1.5
"""The standard deviation of an ability about what is expected, in logits: from 0.5, that is 0.18 to 0.82."""
DIFFICULTY_SPREAD = 1.5
"""The standard deviation of the difficulty of suites, in logits."""
_SUREST = 0.02
"""The nearest to 0 and 1 that an expectation is."""
_ROUNDS = 200
_PRECISE = 1e-5
"""Logits: the change in a round after which the values are taken as found."""
_LONGEST_STEP = 2.0
"""Logits of one step, as far from the maximum Newton's are too long."""


def joined(
    summaries: Iterable[BenchmarkSummary], expected: Expected, matches: Iterable[Matches] = ()
) -> list[BenchmarkSummary]:
    """Returns one summary per model and category, in the order in which these come first.

    Categories that were measured in one suite, without comparisons, stay as they are.
    """
    compared: dict[str, list[Matches]] = defaultdict(list)
    for match in matches:
        compared[match.category].append(match)
    found: dict[str, list[BenchmarkSummary]] = defaultdict(list)
    for each in summaries:
        found[each.category].append(each)
    for category in compared:
        found.setdefault(category, [])
    made: dict[tuple[str, str], BenchmarkSummary] = {}
    for category, group in found.items():
        if category in compared or len({each.suite for each in group}) > 1:
            made |= {(each.model, category): each for each in _joined(category, group, compared[category], expected)}
        else:
            made |= {(each.model, category): each for each in group}
    order = dict.fromkeys((each.model, each.category) for group in found.values() for each in group)
    return [made[key] for key in {**order, **dict.fromkeys(made)}]


def information(
    summaries: Iterable[BenchmarkSummary],
    category: str,
    models: Sequence[str],
    suites: Sequence[str],
    expected: Expected,
) -> Floats:
    """Returns the information of a task of each suite (column) on each model (row): p(1−p), the variance of its result.

    It is small for tasks that nearly every model solves, and for those that hardly any does.
    """
    group = [each for each in summaries if each.category == category and each.suite in suites]
    known = sorted({*models, *(each.model for each in group)})
    tasks, solved = _counted(group, known, suites)
    abilities, difficulties = fitted(tasks, solved, _priors(known, category, expected))
    rows = {model: row for row, model in enumerate(known)}
    chances = _solves(abilities[[rows[model] for model in models]], difficulties)
    found: Floats = chances * (1 - chances)
    return found


def _joined(
    category: str, group: Sequence[BenchmarkSummary], matches: Sequence[Matches], expected: Expected
) -> Iterator[BenchmarkSummary]:
    """Returns the summaries of a category with several suites, or with comparisons."""
    named = {name for each in matches for name in (each.first, each.second)}
    models, suites = sorted({each.model for each in group} | named), sorted({each.suite for each in group}) or [""]
    tasks, solved = _counted(group, models, suites)
    duels, won = _duels(matches, models)
    by_model: Mapping[str, list[BenchmarkSummary]] = {model: [] for model in models}
    for each in group:
        by_model[each.model].append(each)
    abilities, difficulties = fitted(tasks, solved, _priors(models, category, expected), duels, won)
    weights = tasks.sum(axis=0) / tasks.sum() if group else np.ones(1)
    chances = _solves(abilities, difficulties)
    worth = _worth(tasks, duels, abilities, chances, weights) if matches else tasks.sum(axis=1)
    for row, model in enumerate(models):
        own = by_model[model]
        count = sum(each.tasks for each in own)
        duration = sum(each.median_duration * each.tasks for each in own) / count if count else 0.0
        likely = min(max(float(chances[row] @ weights), 0.0), 1.0)
        yield BenchmarkSummary(
            model,
            category,
            max(round(float(worth[row])), 1),
            likely,
            duration,
            adjusted=len(suites) > 1,
            comparisons=int(duels[row].sum()),
        )


def _duels(matches: Iterable[Matches], models: Sequence[str]) -> tuple[Floats, Floats]:
    """Returns how often each model (row) was compared with each other one (column), and how often it was better."""
    duels, won = np.zeros((len(models), len(models))), np.zeros((len(models), len(models)))
    rows = {name: row for row, name in enumerate(models)}
    for each in matches:
        first, second = rows[each.first], rows[each.second]
        duels[first, second] += each.count
        duels[second, first] += each.count
        won[first, second] += each.won
        won[second, first] += each.count - each.won
    return duels, won


def _worth(tasks: Floats, duels: Floats, abilities: Floats, chances: Floats, weights: Floats) -> Floats:
    """Returns what the results are worth for each model's score, in tasks: at least its own, at most with comparisons.

    By the inverse of the abilities' information, as what a comparison says of a model depends on what is known of the
    other one. A score moves with the ability by its slope, so n tasks of a suite alone are worth n.
    """
    won = _solves(abilities, abilities)
    shared = duels * won * (1 - won)
    own = (tasks * chances * (1 - chances)).sum(axis=1) + shared.sum(axis=1) + 1 / ABILITY_SPREAD**2
    known = 1 / np.linalg.inv(np.diag(own) - shared).diagonal() - 1 / ABILITY_SPREAD**2
    slopes, scores = (chances * (1 - chances)) @ weights, chances @ weights
    graded = tasks.sum(axis=1)
    worth: Floats = np.clip(scores * (1 - scores) * known / slopes**2, graded, graded + duels.sum(axis=1))
    return worth


def _counted(group: Iterable[BenchmarkSummary], models: Sequence[str], suites: Sequence[str]) -> tuple[Floats, Floats]:
    """Returns how many tasks each model (row) did in each suite (column), and how many of them it solved."""
    tasks, solved = np.zeros((len(models), len(suites))), np.zeros((len(models), len(suites)))
    rows, columns = ({name: at for at, name in enumerate(names)} for names in (models, suites))
    for each in group:
        at = rows[each.model], columns[each.suite]
        tasks[at] += each.tasks
        solved[at] += each.tasks * each.score
    return tasks, solved


def _priors(models: Sequence[str], category: str, expected: Expected) -> Floats:
    return np.array([_logit(expected(model, category)) for model in models])


def fitted(
    tasks: Floats, solved: Floats, prior: Floats, duels: Floats | None = None, won: Floats | None = None
) -> tuple[Floats, Floats]:
    """Returns the most probable abilities of models and difficulties of suites, in logits.

    Args:
        tasks: How many tasks each model (row) did in each suite (column).
        solved: How many of them it solved, partial credit included.
        prior: What is expected of each model, in logits.
        duels: How often each model (row) was compared with each other one (column).
        won: How often it was better, ties by half.
    """
    abilities, difficulties = prior.copy(), np.zeros(tasks.shape[1])
    for _ in range(_ROUNDS):
        before = np.concatenate((abilities, difficulties))
        missing, slope = _missing(tasks, solved, abilities, difficulties)
        gradient, curvature, pace = missing.sum(axis=1), slope.sum(axis=1), 1.0
        if duels is not None and won is not None and duels.any():
            missing, slope = _missing(duels, won, abilities, abilities)
            gradient, curvature = gradient + missing.sum(axis=1), curvature + slope.sum(axis=1)
            pace = 0.5  # both models of a comparison move at once, and would each go the whole way
        abilities = abilities + pace * _step(gradient, curvature, abilities - prior, ABILITY_SPREAD)
        missing, slope = _missing(tasks, solved, abilities, difficulties)
        difficulties = difficulties + _step(-missing.sum(axis=0), slope.sum(axis=0), difficulties, DIFFICULTY_SPREAD)
        # Results say nothing of a change of all values together, which the two steps make only slowly.
        shift = _common(abilities - prior, difficulties)
        abilities, difficulties = abilities + shift, difficulties + shift
        if np.abs(np.concatenate((abilities, difficulties)) - before).max() < _PRECISE:
            break
    return abilities, difficulties


def _solves(abilities: Floats, difficulties: Floats) -> Floats:
    """Returns the probability with which each model solves a task of each suite."""
    chances: Floats = 1 / (1 + np.exp(-(abilities[:, None] - difficulties[None, :])))
    return chances


def _missing(tasks: Floats, solved: Floats, abilities: Floats, difficulties: Floats) -> tuple[Floats, Floats]:
    """Returns what was solved beyond what is to be expected, and how that changes with the ability."""
    chances = _solves(abilities, difficulties)
    return solved - tasks * chances, tasks * chances * (1 - chances)


def _step(gradient: Floats, slope: Floats, off: Floats, spread: float) -> Floats:
    step: Floats = np.clip((gradient - off / spread**2) / (slope + 1 / spread**2), -_LONGEST_STEP, _LONGEST_STEP)
    return step


def _common(off: Floats, difficulties: Floats) -> float:
    """Returns the change of all values together that the priors make most probable."""
    weighed = off.sum() / ABILITY_SPREAD**2 + difficulties.sum() / DIFFICULTY_SPREAD**2
    return float(-weighed / (len(off) / ABILITY_SPREAD**2 + len(difficulties) / DIFFICULTY_SPREAD**2))


def _logit(share: float) -> float:
    likely = min(max(share, _SUREST), 1 - _SUREST)
    return log(likely / (1 - likely))
