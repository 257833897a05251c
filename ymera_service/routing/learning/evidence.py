"""What was measured and what answers were worth, kept as values that never change: what is new replaces them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from itertools import islice
from math import isfinite

import structlog

from ymera_service.routing.learning.difficulty import joined
from ymera_service.routing.learning.drift import Drift
from ymera_service.routing.learning.judged import Judged, Tallies
from ymera_service.routing.learning.latency import Pace, Paces, pace_of_benchmarks, pace_of_call
from ymera_service.routing.learning.lengths import Lengths
from ymera_service.routing.learning.neighbours import (
    FEWEST_TRIED,
    MOST_KEPT,
    Corrections,
    Neighbours,
    Numbers,
    Sums,
    correction_by,
)
from ymera_service.routing.learning.quality import Expect, Qualities, by_model, expected_by, nothing
from ymera_service.routing.learning.similar_tasks import SimilarTasks
from ymera_service.routing.prompts.features import Features
from ymera_service.sdk.targets import Target
from ymera_service.storage.benchmark_tasks import MeasuredTasks
from ymera_service.storage.comparisons import Matches
from ymera_service.storage.records import BenchmarkSummary, Observation, ObservationSource

log = structlog.get_logger(__name__)

RECENT_ANSWERS = 200
"""Answers over which the share that is judged is taken."""
BATCH = 100
"""Observations that are learnt from at a time."""
NO_TASKS = MeasuredTasks()
FEW_ANSWERS = 5
"""Answers that are taken as not judged before there were any."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Evidence:
    """Holds what is known of models.

    `load` replaces the results of benchmarks, `observe` adds the speed of an answer and `learn` how good answers were.
    """

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._now = now
        self._judged = Judged(now())
        self._numbers = Numbers()
        self._neighbours = Neighbours(self._numbers)
        self._similar: SimilarTasks | None = None
        self._prepared: tuple[MeasuredTasks, Sequence[BenchmarkSummary], SimilarTasks | None] = NO_TASKS, (), None
        self._expect: Expect = nothing
        self._qualities: Qualities | None = None
        self._answers = self._judgements = 0.0
        self.lengths = Lengths()
        self._joined: tuple[Sequence[BenchmarkSummary], Sequence[Matches], Expect, Sequence[BenchmarkSummary]]
        self._joined = (), (), nothing, ()
        self._matches: Sequence[Matches] = ()
        self._benchmarks: Sequence[BenchmarkSummary] = ()
        self._by_model: Mapping[str, Mapping[str, BenchmarkSummary]] = {}
        self._benchmarked: Mapping[str, Pace] = {}
        self._observed: dict[str, Pace] = {}
        self._paces = Paces.of((), self._pace_of)

    @property
    def benchmarks(self) -> Sequence[BenchmarkSummary]:
        """What benchmarks showed, over all suites; the same object until others are loaded."""
        return self._benchmarks

    @property
    def tallies(self) -> Tallies:
        """What answers turned out to be worth; the same object until others are judged."""
        return self._judged.tallies

    @property
    def drifts(self) -> Mapping[tuple[str, str], Drift]:
        """Model and category → the change that its latest judged answers show."""
        return self._judged.drifts

    @property
    def qualities(self) -> Qualities:
        """How good models are by all that is known; the same object until there is more."""
        if self._qualities is None:
            self._qualities = Qualities(self._benchmarks, self._expect, self.tallies, self.drifts)
        return self._qualities

    def expect(self, expect: Expect) -> None:
        """Takes what is expected of models before they are measured."""
        self._expect, self._qualities = expect, None

    def corrections(self, features: Features) -> Corrections | None:
        """Returns how much better models are for a request than in its class; None if that has not proved right."""
        sources = [one for one in (self._neighbours, self._similar) if one is not None and one.trial.share]
        if not sources:
            return None
        sums = Sums(self._numbers)
        for source in sources:
            source.add(features, sums, source.trial.share)
        return sums.corrections()

    @property
    def judged_share(self) -> float:
        """The share of recent answers that was judged, from 0 to 1: how soon it shows what another model is worth."""
        return min(self._judgements / (self._answers + FEW_ANSWERS), 1.0)

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

    def joined(
        self, summaries: Iterable[BenchmarkSummary], matches: Sequence[Matches] = ()
    ) -> Sequence[BenchmarkSummary]:
        """Returns the results joined over suites and with comparisons; the same object until they or what is expected
        change.
        """
        loaded = _sound(summaries)
        known, compared, expect, made = self._joined
        if loaded != known or matches != compared or expect is not self._expect:
            expect = self._expect
            made = tuple(joined(loaded, expected_by(expect), matches))
            self._joined = loaded, matches, expect, made
        return made

    def _similar_tasks(self, tasks: MeasuredTasks, made: Sequence[BenchmarkSummary]) -> SimilarTasks | None:
        """Returns what the tasks say of similar requests; the same object until they or the results change."""
        known, results, similar = self._prepared
        if tasks is not known or made is not results:
            qualities = Qualities(made, self._expect)
            similar = SimilarTasks(tasks, self._numbers, qualities.value) if tasks.features else None
            self._prepared = tasks, made, similar
        return similar

    def believing(self, summaries: Iterable[BenchmarkSummary]) -> Qualities:
        """Returns how good models would be taken to be with other results of benchmarks. May be called in a thread."""
        expect = self._expect
        return Qualities(joined(_sound(summaries), expected_by(expect), self._matches), expect, self.tallies)

    def expected(self, model: str, category: str) -> float:
        """Returns how good a model is expected to be before anything is measured, from 0 to 1."""
        return expected_by(self._expect)(model, category)

    def prepare(
        self, summaries: Iterable[BenchmarkSummary], matches: Sequence[Matches] = (), tasks: MeasuredTasks = NO_TASKS
    ) -> None:
        """Makes of results what `load` takes of them. May be called in a thread, as it takes some time with many
        models, before `load`, which then takes none.
        """
        self._similar_tasks(tasks, self.joined(summaries, matches))

    def load(
        self, summaries: Iterable[BenchmarkSummary], matches: Sequence[Matches] = (), tasks: MeasuredTasks = NO_TASKS
    ) -> None:
        """Takes the benchmarks' results in place of those it had, joined over suites, and the tasks themselves.

        Those without a graded task or with a score that is not from 0 to 1 are left out.
        """
        self._matches = matches
        made = self.joined(summaries, matches)
        similar = self._similar_tasks(tasks, made)
        if similar is not None and self._similar is not None and self._similar.trial.tried > FEWEST_TRIED:
            similar.trial = self._similar.trial  # requests have shown more than tasks do
        self._similar = similar
        if made == self._benchmarks:
            return
        self._qualities = None
        self._benchmarks, self._by_model = made, by_model(made)
        paces = {model: pace_of_benchmarks(group.values()) for model, group in self._by_model.items()}
        self._benchmarked = {model: pace for model, pace in paces.items() if pace is not None}
        self._paces = Paces.of(self._paces.targets, self._pace_of)

    def learn(
        self,
        observations: Sequence[Observation],
        features: Mapping[str, Features] | None = None,
        *,
        past: bool = False,
    ) -> None:
        """Takes observations of answers, known ones among them, and by the ids of their requests the features of those.

        `past` ones say nothing of how many are judged now; of lengths, only they do, as others are known already. Many
        are taken in batches, as an answer that is tried on the neighbours must not have been learnt from.
        """
        for _ in self.learning(observations, features, past=past):
            pass

    def learning(
        self,
        observations: Sequence[Observation],
        features: Mapping[str, Features] | None = None,
        *,
        past: bool = False,
    ) -> Iterator[None]:
        """Does what `learn` does, and yields before each batch."""
        if past:
            self._recall(observations, features or {})
            # The neighbours would forget the others again.
            features = {id_: known for id_ in _latest(observations) if (known := (features or {}).get(id_))}
        for start in range(0, len(observations), BATCH):
            yield
            batch = observations[start : start + BATCH]
            tallies, before, drifts = self.tallies, self.qualities, self.drifts
            new = self._judged.add(batch, self._now())
            if not past:
                _tell(drifts, self.drifts)
            if self.tallies is tallies:
                continue
            self._qualities = None
            if any(one.source is ObservationSource.RESET for one in batch):
                self._neighbours.forget(lambda request_id: self._judged.answer(request_id) is not None)
            for request_id in dict.fromkeys(one.request_id for one in batch):
                if known := (features or {}).get(request_id):
                    self._compare(request_id, known, before)
            if not past:
                self._judgements += new

    def _recall(self, observations: Sequence[Observation], features: Mapping[str, Features]) -> None:
        """Learns the lengths of the answers to requests whose features are kept."""
        for request_id, one in {one.request_id: one for one in observations}.items():
            if known := features.get(request_id):
                expected = self.lengths.expected(known.categories)
                self.lengths.observe(
                    one.category, input_tokens=known.input_tokens, expected=expected, output_tokens=one.tokens
                )

    def _compare(self, request_id: str, features: Features, before: Qualities) -> None:
        """Lets the neighbours learn by how much an answer was better than expected before it was judged."""
        answer = self._judged.answer(request_id)
        if answer is not None:
            shares = features.categories.items()
            expected = sum(before.value(answer.model, category) * share for category, share in shares)
            self._try_tasks(features, answer.model, expected=expected, quality=answer.quality)
            self._neighbours.take(request_id, features, answer.model, expected=expected, quality=answer.quality)

    def _try_tasks(self, features: Features, model: str, *, expected: float, quality: float) -> None:
        if self._similar is None:
            return
        better = correction_by(self._similar, features, model)
        if better is not None:
            self._similar.trial.take(better, expected, quality)

    def answered(self) -> None:
        """Takes that there is another answer, which may be judged or not."""
        self._answers += 1 - self._answers / RECENT_ANSWERS
        self._judgements -= self._judgements / RECENT_ANSWERS

    def observe(self, pool: str, *, output_tokens: int, time_to_first_token: float | None, duration: float) -> None:
        """Takes a call that succeeded; times are in seconds, from the call on.

        Figures that can't be true, such as NaN or a first token after the end, are ignored.

        Args:
            pool: That of the target that answered.
            output_tokens: Tokens of the answer; 0 where not known, which says nothing about the pace.
            time_to_first_token: `None` where the answer came whole.
            duration: Until the end of the answer.
        """
        known = self._observed.get(pool)
        latest = pace_of_call(
            known, output_tokens=output_tokens, time_to_first_token=time_to_first_token, duration=duration
        )
        if latest is None:
            return
        pace = self._observed[pool] = latest if known is None else known.moved_towards(latest)
        self._paces = self._paces.replaced(pool, pace)

    def _pace_of(self, target: Target) -> Pace | None:
        return self._observed.get(target.pool) or self._benchmarked.get(target.model)


def _latest(observations: Sequence[Observation]) -> Set[str]:
    """Returns the ids of the requests that were judged last, as many as the neighbours keep."""
    latest = dict.fromkeys(one.request_id for one in reversed(observations))
    return {*islice(latest, MOST_KEPT)}


def _sound(summaries: Iterable[BenchmarkSummary]) -> tuple[BenchmarkSummary, ...]:
    return tuple(each for each in summaries if each.tasks > 0 and isfinite(each.score) and 0 <= each.score <= 1)


def _tell(before: Mapping[tuple[str, str], Drift], after: Mapping[tuple[str, str], Drift]) -> None:
    """Logs the changes of quality that were not known before, and the end of those that were."""
    for (model, category), drift in after.items():
        known = before.get((model, category))
        if known is None or (known.after < known.before) != (drift.after < drift.before):
            log.warning("quality drifted", model=model, category=category, evidence=str(drift))
    for model, category in before.keys() - after.keys():
        log.info("quality drift ended", model=model, category=category)
