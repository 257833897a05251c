"""The results of experiments by arm, and how the arms differ."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ymera_service.access.keys import Caller
from ymera_service.config import ChoiceSettings, ExperimentSettings, Unit
from ymera_service.routing.comparison import ALPHA, Difference, Sample, difference, mismatch
from ymera_service.routing.experiments import shares_of
from ymera_service.sdk.errors import ExperimentNotFound
from ymera_service.serving.checks.preferences import MAX_TEXT
from ymera_service.serving.checks.violations import Violations
from ymera_service.storage import Database
from ymera_service.storage.arms import FIGURES, ArmSums, Sums

UNLIKELY = 0.001
"""How unlikely the numbers of units have to be by chance to be reported."""
_BOUNDED = {"quality", "failures"}
"""Figures that are from 0 to 1."""
_COLUMNS: Mapping[Unit, Sequence[str]] = {
    Unit.SESSION: ("caller", "session_id"),
    Unit.CALLER: ("caller",),
    Unit.END_USER: ("end_user",),
    Unit.REQUEST: ("request_id",),
}
"""What names a unit in the records of executions."""


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of an experiment; `settings` says for people what it sets."""

    name: str
    share: float
    settings: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it is configured."""

    name: str
    unit: Unit
    arms: Sequence[Arm]
    active: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a figure of an arm over this many units, and how much it is above that of the first arm.

    `difference` is None for the first arm, and if too little is known.
    """

    mean: float
    units: int
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Result:
    """The results of an arm; `figures` lacks those of which nothing is known."""

    arm: str
    requests: int
    units: int
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Results:
    """The results of an experiment by arm; `mismatch` says what is wrong with how units were divided."""

    experiment: Experiment
    arms: Sequence[Result]
    mismatch: str


class Experiments:
    """Lists experiments and computes their results. For administrators."""

    def __init__(self, configured: Mapping[str, ExperimentSettings], database: Database) -> None:
        self._configured = configured
        self._stored = database.arms

    def known(self, caller: Caller) -> Sequence[Experiment]:
        """Returns the experiments that are configured.

        Raises:
            NotAdministrator: The caller may not see them.
        """
        caller.check_administrator("see experiments")
        return [_experiment(name, settings) for name, settings in self._configured.items()]

    async def follow(self) -> None:
        """Reads what is new of all experiments, so that results are there when they are asked for.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        for name, settings in self._configured.items():
            await self._stored.sums(name, _COLUMNS[settings.unit])

    async def results(self, name: str, caller: Caller) -> Results:
        """Returns the results of an experiment, by arm.

        Raises:
            InvalidRequest: The name is missing or too long.
            NotAdministrator: The caller may not see it.
            ExperimentNotFound: No experiment of that name is configured.
            StorageUnavailable: The database can't be read.
        """
        caller.check_administrator("see experiments")
        faults = Violations()
        faults.text("name", name, required=True, max_length=MAX_TEXT)
        faults.check()
        if (settings := self._configured.get(name)) is None:
            near = get_close_matches(name, self._configured, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"configured: {', '.join(self._configured) or 'none'}"
            raise ExperimentNotFound(f"no experiment has the name {name!r}; {hint}", metadata={"experiment": name})
        sums = await self._stored.sums(name, _COLUMNS[settings.unit])
        return Results(_experiment(name, settings), [*_results([*settings.arms], sums)], _mismatch(sums))


def _experiment(name: str, settings: ExperimentSettings) -> Experiment:
    arms = [Arm(arm, each.share, ", ".join(_settings(each))) for arm, each in settings.arms.items()]
    return Experiment(name, settings.unit, arms, settings.active)


def _settings(choice: ChoiceSettings) -> Iterator[str]:
    if choice.model is not None:
        yield f"model {' then '.join((choice.model, *choice.fallback_models))}"
    if choice.policy is not None:
        yield f"policy {choice.policy}"
    if choice.cost_quality is not None:
        yield f"cost_quality {choice.cost_quality:g}"


def _results(arms: Sequence[str], sums: Sequence[ArmSums]) -> Iterator[Result]:
    by_arm: defaultdict[str, dict[str, ArmSums]] = defaultdict(dict)
    for each in sums:
        by_arm[each.arm][each.shares] = each
    first, alpha = by_arm[arms[0]], ALPHA / max(len(arms) - 1, 1)
    for arm in [*arms, *sorted(by_arm.keys() - {*arms})]:
        own = by_arm[arm]
        figures = {
            name: figure
            for name in FIGURES
            if (figure := _figure(name, own, None if arm == arms[0] else first, alpha)) is not None
        }
        yield Result(arm, sum(one.requests for one in own.values()), sum(one.units for one in own.values()), figures)


def _figure(name: str, own: Mapping[str, ArmSums], first: Mapping[str, ArmSums] | None, alpha: float) -> Figure | None:
    samples = {shares: _sample(name, each.figures[name]) for shares, each in own.items()}
    units = sum(sample.count for sample in samples.values())
    if not units:
        return None
    pairs = [
        (_sample(name, first[shares].figures[name]), sample)
        for shares, sample in samples.items()
        if first is not None and shares in first
    ]
    mean = sum(sample.mean * sample.count for sample in samples.values()) / units
    return Figure(mean, units, difference(pairs, alpha))


def _sample(name: str, sums: Sums) -> Sample:
    return Sample.of(sums.count, sums.total, sums.squares, bounded=name in _BOUNDED)


def _mismatch(sums: Sequence[ArmSums]) -> str:
    """Returns in words for which shares units were not divided as they should have been; empty if for none."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in sums:
        seen[each.shares][each.arm] += each.units
    divided = [(units, shares_of(shares)) for shares, units in seen.items()]
    return "; ".join([_in_words(units, shares) for units, shares in divided if mismatch(units, shares) < UNLIKELY])


def _in_words(units: Mapping[str, int], shares: Mapping[str, float]) -> str:
    whole, count = sum(shares.values()), sum(units.values())
    parts = [f"{arm} {units.get(arm, 0):,} of {count * share / whole:,.0f}" for arm, share in shares.items()]
    return f"units of each arm, and of how many it should have: {', '.join(parts)}"
