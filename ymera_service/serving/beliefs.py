"""What routing believes of models from what was measured and judged, and forgetting it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt

import uuid_utils

from ymera_service.access.keys import Caller
from ymera_service.catalog import Catalog
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.serving.checks.preferences import MAX_TEXT
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations
from ymera_service.storage import Recorder
from ymera_service.storage.records import Observation, ObservationSource

MOST = 10_000
"""Beliefs of one list."""
RECORD_SECONDS = 10.0
"""How long storage may take to make a reset durable."""


@dataclass(frozen=True, slots=True)
class Belief:
    """How good a model is taken to be in a category.

    Attributes:
        quality: From 0 to 1.
        deviation: The standard deviation of what that may really be.
        judged: How many judged answers count, the less the older they are.
        evidence: What it rests on, for people.
        drift: How it changed of late, for people; empty if it did not.
    """

    model: str
    category: str
    quality: float
    deviation: float
    judged: float
    evidence: str
    drift: str = ""


class Beliefs:
    """Lists and resets. Only administrators may reset."""

    def __init__(
        self,
        catalog: Catalog,
        evidence: Evidence,
        recorder: Recorder,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._evidence = evidence
        self._recorder = recorder
        self._now = now

    def known(self, pattern: str = "") -> Sequence[Belief]:
        """Returns what is believed of models where anything was measured or judged, by model and category.

        Args:
            pattern: An id, a name or a pattern of models; empty for all.

        Raises:
            InvalidRequest: The pattern is too long.
        """
        faults = Violations()
        faults.text("model", pattern, max_length=MAX_PATTERN)
        faults.check()
        measured = {(each.model, each.category) for each in self._evidence.benchmarks}
        judged = {(model, category) for model, each in self._evidence.tallies.items() for category in each}
        models = {pattern, *self._catalog.snapshot.match(pattern)} if pattern else None
        wanted = [key for key in sorted(measured | judged) if models is None or key[0] in models]
        return [self._belief(model, category) for model, category in wanted[:MOST]]

    async def reset(self, model: str, category: str, caller: Caller) -> int:
        """Forgets what answers of a model were judged to be worth until now, on all servers of the database.

        What benchmarks measured stays; measuring again replaces it.

        Args:
            model: Its id.
            category: Only this one; empty for all.
            caller: Who asks.

        Returns:
            In how many categories something was forgotten.

        Raises:
            InvalidRequest: No answer of this model was judged, in this category.
            NotAdministrator: The caller may not reset.
            StorageUnavailable: The reset is not durable.
        """
        caller.check_administrator("reset beliefs")
        faults = Violations()
        faults.text("model", model, required=True, max_length=MAX_PATTERN)
        faults.text("category", category, max_length=MAX_TEXT)
        faults.check()
        judged = self._evidence.tallies.get(model, {})
        forgotten = [each for each in judged if category in {"", each}]
        if not forgotten:
            what = f"in the category {category!r} " if judged else ""
            faults.add("category" if judged else "model", f"has no judged answers {what}to forget")
            faults.check()
        marker = self._marker(model, category, caller)
        await self._recorder.record(marker, within=RECORD_SECONDS)
        self._evidence.learn([marker], past=True)
        return len(forgotten)

    def _belief(self, model: str, category: str) -> Belief:
        qualities, tally = self._evidence.qualities, self._evidence.tallies.get(model, {}).get(category)
        belief, drift = qualities.belief(model, category), self._evidence.drifts.get((model, category))
        return Belief(
            model,
            category,
            belief.mean,
            sqrt(belief.variance),
            tally.weight if tally else 0.0,
            qualities.evidence(model, category),
            str(drift) if drift else "",
        )

    def _marker(self, model: str, category: str, caller: Caller) -> Observation:
        return Observation(
            id=str(uuid_utils.uuid7()),
            created_at=self._now(),
            request_id="",
            source=ObservationSource.RESET,
            name="reset",
            value=None,
            amount=None,
            model=model,
            category=category,
            caller=caller.name,
            tokens=0,
            time_to_first_token=None,
        )
