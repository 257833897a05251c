"""What the configuration asks of the choice for a request: by the arm of an experiment, and by its agent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ymera_service.catalog import CatalogSnapshot
from ymera_service.config import AgentSettings, ChoiceSettings, OverrideSettings, Settings
from ymera_service.routing.decision import Preferences, Weights
from ymera_service.routing.experiments import Asker, Experiment
from ymera_service.routing.snapshot import RoutingRequest


class Choosing:
    """Completes preferences. What a request says comes first, then the arm of an experiment, then its agent."""

    def __init__(self, agents: Mapping[str, AgentSettings], experiments: Sequence[Experiment]) -> None:
        self._agents = agents
        self._experiments = experiments

    @classmethod
    def of(cls, settings: Settings) -> "Choosing | None":
        """Returns what completes preferences; None if nothing is configured that could."""
        experiments = [Experiment(name, each) for name, each in settings.experiments.items() if each.active]
        return cls(settings.agents, experiments) if settings.agents or experiments else None

    def complete(self, request: RoutingRequest, asker: Asker) -> RoutingRequest:
        """Returns a request with what is configured for it."""
        category, preferences = next(iter(request.probabilities)), request.preferences
        agent = self._agents.get(asker.attribution.agent_name)
        assignment = None
        for experiment in self._experiments:
            if (assignment := experiment.assign(preferences, asker, category)) is not None:
                preferences = completed(preferences, experiment.settings.arms[assignment.arm])
                break
        if agent is None and assignment is None:
            return request
        for choice in () if agent is None else _choices(agent, request):
            preferences = completed(preferences, choice)
        named = "" if agent is None else asker.attribution.agent_name
        return replace(request, preferences=preferences, assignment=assignment, agent=named)


def completed(preferences: Preferences, choice: ChoiceSettings) -> Preferences:
    """Returns preferences with what a choice says where they leave it open."""
    if choice.model is not None and not preferences.model:
        preferences = replace(preferences, model=choice.model, fallback_models=choice.fallback_models)
    if choice.policy is not None and not preferences.policy:
        preferences = replace(preferences, policy=choice.policy)
    if choice.cost_quality is not None and preferences.weights is None:
        preferences = replace(preferences, weights=Weights.between(choice.cost_quality))
    return preferences


def choices(settings: Settings) -> Iterator[tuple[str, ChoiceSettings]]:
    """Yields everything that is configured, with where."""
    for name, agent in settings.agents.items():
        yield f"agents.{name}", agent
        for number, override in enumerate(agent.overrides):
            yield f"agents.{name}.overrides[{number}]", override
    for name, experiment in settings.experiments.items():
        for arm, choice in experiment.arms.items():
            yield f"experiments.{name}.arms.{arm}", choice


def unknown_models(settings: Settings, snapshot: CatalogSnapshot) -> Iterator[tuple[str, str]]:
    """Yields where a model is named that is not on offer, and what is wrong with it.

    Those of a provider that can't list its models now may be there all the same.
    """
    for where, choice in choices(settings):
        for name in filter(None, (choice.model, *choice.fallback_models)):
            if not snapshot.match(name) and name.partition("/")[0] not in snapshot.provider_errors:
                near = snapshot.close_to(name)
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                yield where, f"no model has the name {name!r}{hint}; requests go to others until there is one"


def _choices(agent: AgentSettings, request: RoutingRequest) -> Iterator[ChoiceSettings]:
    """Yields what is configured for a request of an agent, what counts most first."""
    override = next((each for each in agent.overrides if _meets(request, each)), None)
    if override is not None:
        yield override
    yield agent


def _meets(request: RoutingRequest, override: OverrideSettings) -> bool:
    return (
        (not override.categories or next(iter(request.probabilities)) in override.categories)
        and (override.above_tokens is None or request.needs.input_tokens > override.above_tokens)
        and (
            override.above_complexity is None
            or (request.complexity is not None and request.complexity > override.above_complexity)
        )
    )
