"""What answers turned out to be worth, folded from the log of observations: a tally per model and category.

An answer counts once, with the mean of what was observed of it, and the less the older it is. What one named caller
says counts for `MOST_OF_CALLER` answers at most, or as much as what all others say, so that a flood of one caller's
feedback does not decide what a model is worth for all. Folding the same observations again changes nothing, so that
readings of the log may overlap.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite
from statistics import fmean

from ymera_service.routing.learning.drift import LATEST, Drift, drift_of
from ymera_service.storage.records import Observation, ObservationSource

HALF_LIFE = timedelta(days=30)
"""The age at which an answer counts half: vendors change models without changing their names."""
MOST_ANSWERS = 20_000
"""Answers that are counted, the latest ones."""
MOST_OF_CALLER = 50.0
"""How many answers those of a model in a category that one named caller has judged count for at most, unless those of
others count for more. So many tell a mean to about ±0.06."""


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the judged answers of a model in a category come to.

    Attributes:
        weight: How many recent answers they are worth.
        mean: Of how good they were, from 0 to 1.
        latest: When the latest one was judged.
    """

    weight: float
    mean: float
    latest: datetime


_Key = tuple[str, str]
"""Model and category."""

Tallies = Mapping[str, Mapping[str, Tally]]
"""Model → category → tally."""


@dataclass(slots=True)
class JudgedAnswer:
    """An answer and what was observed of it."""

    model: str
    category: str
    caller: str
    observed: dict[tuple[str, str], Observation] = field(default_factory=dict)
    """Source and name → the latest observation."""

    @property
    def quality(self) -> float:
        """How good it was, from 0 to 1."""
        return fmean(one.value for one in self.observed.values() if one.value is not None)

    @property
    def at(self) -> datetime:
        """When it was judged last."""
        return max(one.created_at for one in self.observed.values())


@dataclass(slots=True)
class _Sum:
    """Weights are relative to those of answers at the time of the fold's beginning."""

    weight: float = 0.0
    total: float = 0.0
    answers: int = 0

    def add(self, weight: float, quality: float, sign: int) -> None:
        """Takes an answer, or takes it back."""
        self.weight += sign * weight
        self.total += sign * weight * quality
        self.answers += sign


@dataclass(slots=True)
class _Sums:
    """The answers of a model in a category: all of them, and those that each caller has judged."""

    of_all: _Sum = field(default_factory=_Sum)
    by_caller: defaultdict[str, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    latest: datetime = _NEVER

    def bounded(self, most: float) -> tuple[float, float]:
        """Returns the weight and the mean, where what one named caller says counts for so much at most."""
        named = (one for name, one in self.by_caller.items() if name)
        above = [one for one in named if one.weight > most]
        weight, total = self.of_all.weight, self.of_all.total
        all_bounded = weight - sum(one.weight - most for one in above)
        for one in above:
            surplus = max(one.weight - max(most, all_bounded - most), 0.0)
            weight -= surplus
            total -= surplus * one.total / one.weight
        return weight, total / weight


class Judged:
    """The fold; `tallies` is a value that never changes, replaced by `add`."""

    def __init__(self, began: datetime) -> None:
        """Takes the present time, with a zone; only the ages of observations relative to each other depend on it."""
        self._began = began
        self._answers: OrderedDict[str, JudgedAnswer] = OrderedDict()
        self._sums: defaultdict[_Key, _Sums] = defaultdict(_Sums)
        self._recent: dict[_Key, deque[tuple[datetime, float]]] = {}
        self._resets: dict[_Key, datetime] = {}
        self.tallies: Tallies = {}
        self.drifts: Mapping[tuple[str, str], Drift] = {}
        """Model and category → the change that its latest answers show; replaced by `add`."""

    def answer(self, request_id: str) -> JudgedAnswer | None:
        """Returns what is known of the answer to a request."""
        return self._answers.get(request_id)

    def add(self, observations: Iterable[Observation], now: datetime) -> int:
        """Takes observations in any order, and returns of how many answers it knew nothing before.

        Those without a value from 0 to 1 are left out.
        """
        known, changed = len(self._answers), False
        touched = set[_Key]()
        for one in observations:
            if one.source is ObservationSource.RESET:
                changed = self._reset(one) or changed
            elif one.created_at <= self._reset_at(one.model, one.category):
                continue
            elif one.value is not None and isfinite(one.value) and 0 <= one.value <= 1:
                taken = self._take(one)
                changed = taken or changed
                if taken:
                    touched.add((one.model, one.category))
        new = len(self._answers) - known
        while len(self._answers) > MOST_ANSWERS:
            self._count(self._answers.popitem(last=False)[1], -1)
        if changed:
            self.tallies = self._tallied(now)
            self._look(touched)
        return new

    def _reset(self, one: Observation) -> bool:
        """Forgets what was observed of a model until then; returns whether that was not done before."""
        key = one.model, one.category
        if self._resets.get(key, _NEVER) >= one.created_at:
            return False
        self._resets[key] = one.created_at
        for request_id, answer in [*self._answers.items()]:
            if answer.at <= self._reset_at(answer.model, answer.category):
                self._count(self._answers.pop(request_id), -1)
        for other in [other for other in self._recent if other[0] == one.model and one.category in {"", other[1]}]:
            del self._recent[other]
            self.drifts = {each: drift for each, drift in self.drifts.items() if each != other}
        return True

    def _reset_at(self, model: str, category: str) -> datetime:
        if not self._resets:
            return _NEVER
        return max(self._resets.get((model, category), _NEVER), self._resets.get((model, ""), _NEVER))

    def _look(self, keys: Iterable[_Key]) -> None:
        """Looks for changes in the latest answers."""
        found = {key: drift for key in keys if (drift := drift_of([*self._recent.get(key, ())]))}
        self.drifts = {key: drift for key, drift in self.drifts.items() if key not in keys} | found

    def _take(self, one: Observation) -> bool:
        """Returns whether it says something new."""
        answer = self._answers.get(one.request_id)
        if answer is None:
            answer = self._answers[one.request_id] = JudgedAnswer(one.model, one.category, one.caller)
            recent = self._recent.setdefault((one.model, one.category), deque(maxlen=LATEST))
            recent.append((one.created_at, one.value or 0.0))
        else:
            before = answer.observed.get((one.source, one.name))
            if before is not None and (before.created_at, before.id) >= (one.created_at, one.id):
                return False
            self._count(answer, -1)
        answer.observed[one.source, one.name] = one
        self._count(answer, 1)
        return True

    def _count(self, answer: JudgedAnswer, sign: int) -> None:
        key, at, quality = (answer.model, answer.category), answer.at, answer.quality
        counted, weight = self._sums[key], self._weight(at)
        for each in (counted.of_all, counted.by_caller[answer.caller]):
            each.add(weight, quality, sign)
        counted.latest = max(counted.latest, at)
        if not counted.by_caller[answer.caller].answers:
            del counted.by_caller[answer.caller]
        if not counted.by_caller:
            del self._sums[key]

    def _tallied(self, now: datetime) -> Tallies:
        scale = self._weight(now)
        found: defaultdict[str, dict[str, Tally]] = defaultdict(dict)
        for (model, category), counted in self._sums.items():
            weight, mean = counted.bounded(MOST_OF_CALLER * scale)
            found[model][category] = Tally(weight / scale, min(max(mean, 0.0), 1.0), counted.latest)
        return dict(found)

    def _weight(self, at: datetime) -> float:
        return float(2.0 ** ((at - self._began) / HALF_LIFE))
