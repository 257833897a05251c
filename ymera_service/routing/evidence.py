"""What was measured, kept as values that never change: what is new replaces them."""

from collections.abc import Iterable, Mapping, Sequence, Set
from math import isfinite

from ymera_service.routing.latency import Pace, Paces, pace_of_benchmarks, pace_of_call
from ymera_service.routing.quality import by_model
from ymera_service.sdk.targets import Target
from ymera_service.storage.records import BenchmarkSummary


class Evidence:
    """Holds the measurements; `load` replaces those of benchmarks, `observe` adds those of use."""

    def __init__(self) -> None:
        self._benchmarks: Sequence[BenchmarkSummary] = ()
        self._by_model: Mapping[str, Mapping[str, BenchmarkSummary]] = {}
        self._benchmarked: Mapping[str, Pace] = {}
        self._observed: dict[str, Pace] = {}
        self._paces = Paces.of((), self._pace_of)

    @property
    def benchmarks(self) -> Sequence[BenchmarkSummary]:
        """What benchmarks showed; the same object until others are loaded."""
        return self._benchmarks

    @property
    def categories(self) -> Set[str]:
        """The categories in which anything was measured."""
        return {each.category for each in self._benchmarks}

    def summaries(self, model: str) -> Mapping[str, BenchmarkSummary]:
        """Returns what benchmarks showed of a model, by category."""
        return self._by_model.get(model, {})

    def paces(self, targets: Sequence[Target]) -> Paces:
        """Returns the paces of some targets; the same object until one of them is measured again.

        Cheap as long as it is asked for the same sequence, which has to be the same object.
        """
        if self._paces.targets is not targets:
            self._paces = Paces.of(targets, self._pace_of)
        return self._paces

    def paces_of(self, targets: Sequence[Target]) -> Paces:
        """Returns the paces of targets that are not those of the catalogue in use. May be called in a thread."""
        return Paces.of(targets, self._pace_of)

    def load(self, summaries: Iterable[BenchmarkSummary]) -> None:
        """Takes the benchmarks' results in place of those it had.

        Those without a graded task or with a score that is not from 0 to 1 are left out.
        """
        loaded = tuple(each for each in summaries if each.tasks > 0 and isfinite(each.score) and 0 <= each.score <= 1)
        if loaded == self._benchmarks:
            return
        self._benchmarks, self._by_model = loaded, by_model(loaded)
        paces = {model: pace_of_benchmarks(group.values()) for model, group in self._by_model.items()}
        self._benchmarked = {model: pace for model, pace in paces.items() if pace is not None}
        self._paces = Paces.of(self._paces.targets, self._pace_of)

    def observe(
        self, target_id: str, *, output_tokens: int, time_to_first_token: float | None, duration: float
    ) -> None:
        """Takes a call that succeeded; times are in seconds, from the call on.

        Figures that can't be true, such as NaN or a first token after the end, are ignored.

        Args:
            target_id: The target that answered.
            output_tokens: Tokens of the answer; 0 where not known, which says nothing about the pace.
            time_to_first_token: `None` where the answer came whole.
            duration: Until the end of the answer.
        """
        known = self._observed.get(target_id)
        latest = pace_of_call(
            known, output_tokens=output_tokens, time_to_first_token=time_to_first_token, duration=duration
        )
        if latest is None:
            return
        pace = self._observed[target_id] = latest if known is None else known.moved_towards(latest)
        self._paces = self._paces.replaced(target_id, pace)

    def _pace_of(self, target: Target) -> Pace | None:
        return self._observed.get(target.id) or self._benchmarked.get(target.model)
