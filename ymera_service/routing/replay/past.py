"""Decides again what was decided before: by a catalogue of then, and by what is measured by now."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from ymera_service.catalog import CatalogSnapshot
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.decision import Decision, Weights
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.expectations import expectations
from ymera_service.routing.learning.quality import Qualities
from ymera_service.routing.operations import KINDS
from ymera_service.routing.prompts.features import Features
from ymera_service.routing.replay.recomputing import NotRecomputable, request_of
from ymera_service.routing.selection import select
from ymera_service.routing.sessions.affinity import Affinity
from ymera_service.routing.snapshot import Snapshot
from ymera_service.routing.table import Table
from ymera_service.routing.texts import clipped
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.storage.records import Operation


class PastRouting:
    """Routing by one catalogue for one kind of work. May be made and used in a thread, as tables of large catalogues
    take long."""

    def __init__(
        self,
        catalog: CatalogSnapshot,
        operation: Operation,
        *,
        evidence: Evidence,
        prior: QualityPrior | None,
        policies: Mapping[str, RoutingPolicy],
    ) -> None:
        """Takes the catalogue as it was, what was to be done, and what is known and installed now."""
        self._evidence, self._policies, self._operation = evidence, policies, operation
        self._qualities = Qualities(
            evidence.benchmarks, expectations(catalog, prior).get, evidence.tallies, evidence.drifts
        )
        self._table = Table(catalog, self._qualities, KINDS[operation])
        self._paces = evidence.paces_of(self._table.targets)

    def again(self, decision: Decision, features: Features | None) -> Decision:
        """Returns the full view of a decision, made again in the same way.

        Raises:
            NotRecomputable: What is stored does not suffice, or the policy is not installed any more.
            NoEligibleModel, NoHealthyModel, ModelNotFound: By what is known now, no target is left.
        """
        snapshot = self._snapshot(decision, features, self._recorded(decision))
        return select(request_of(decision, self._operation), snapshot).decision

    def instead(
        self, decision: Decision, features: Features | None, policy: RoutingPolicy | None, weights: Weights | None
    ) -> Decision:
        """Returns what a policy would have decided, without exploring, for the same request in the same state.

        Raises as `again` does, but for the policy.
        """
        request = replace(request_of(decision, self._operation), full_view=False)
        if weights is not None:
            request = replace(request, preferences=replace(request.preferences, weights=weights))
        snapshot = self._snapshot(decision, features, policy)
        return select(request, replace(snapshot, exploration=0.0, optimism=0.0)).decision

    def quality(self, model: str, probabilities: Mapping[str, float]) -> float:
        """Returns how good a model is taken to be for a request of these categories."""
        return sum(share * self._qualities.value(model, category) for category, share in probabilities.items())

    def _recorded(self, decision: Decision) -> RoutingPolicy | None:
        name = decision.inputs.scored_by
        if name and name not in self._policies:
            raise NotRecomputable(f"the policy {clipped(name)!r} is not installed any more")
        return self._policies.get(name)

    def _snapshot(self, decision: Decision, features: Features | None, policy: RoutingPolicy | None) -> Snapshot:
        inputs = decision.inputs
        return Snapshot(
            table=self._table,
            paces=self._paces,
            weights=decision.weights,
            exploration=inputs.exploration,
            optimism=inputs.optimism,
            corrections=self._evidence.corrections(features) if features else None,
            open_domains=dict.fromkeys(inputs.open_domains, inf),
            chances={pool: Chance.of(*calls) for pool, calls in inputs.chances.items()},
            policy=policy,
            turn=inputs.turn,
            size=inputs.size,
            affinity=Affinity(inputs.affinity, inputs.topic_change),
            seed=decision.seed,
        )
