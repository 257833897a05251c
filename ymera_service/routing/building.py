"""Puts the routing of a server together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import ConfigError, ConfigFault, ExperimentSettings, RoutingSettings, Settings
from ymera_service.plugins import Plugins, Registry
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.choosing import Choosing, choices
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.policies import BALANCED
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Answer, Sessions
from ymera_service.routing.sessions.shared import SharedSessions
from ymera_service.storage import Storage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Routing:
    """The router of a server, and what it learns from.

    Attributes:
        router: Decides.
        evidence: Has what was measured.
        readers: The classifiers.
        remember: Takes an answer, so that its session stays with its target.
        shared: The sessions of all servers; None if this one does not share its own.
        experiments: Those that are configured, by name.
    """

    router: Router
    evidence: Evidence
    readers: Readers
    remember: Callable[[Answer], None]
    shared: SharedSessions | None
    experiments: Mapping[str, ExperimentSettings] = field(default_factory=dict)


def build_routing(
    *, plugins: Plugins, catalog: Catalog, breakers: Breakers, storage: Storage, settings: Settings
) -> Routing:
    """Returns the routing of a server; classifiers, prior and categories are those of the plugins in use.

    Raises:
        ConfigError: The configuration names a classifier, a prior or a policy that no plugin registers.
    """
    configured = settings.routing
    check_classifiers(plugins.registry, configured)
    check_prior(plugins.registry, configured)
    check_policy(plugins.registry, configured)
    check_choices(plugins.registry, settings)

    def categories() -> set[str]:
        return {category for suite in plugins.registry.suites.values() for category in suite.categories}

    readers = Readers(lambda: plugins.registry.classifiers, configured.classifiers, configured.reading_seconds)
    evidence, sessions = Evidence(), Sessions(configured.max_sessions)
    router = Router(
        catalog=catalog,
        evidence=evidence,
        sessions=sessions,
        open_domains=breakers.open_domains,
        paused_domains=breakers.pauses.domains,
        policies=lambda: plugins.registry.policies,
        chances=breakers.reliability.chances,
        readers=readers,
        prior=lambda: plugins.registry.priors.get(configured.prior),
        settings=configured,
        categories=categories,
        choosing=Choosing.of(settings),
    )
    shared = SharedSessions(sessions, storage.database, storage.recorder) if configured.features else None
    remember = shared.remember if shared else sessions.remember
    return Routing(router, evidence, readers, remember, shared, settings.experiments)


def check_classifiers(registry: Registry, settings: RoutingSettings) -> None:
    """Looks for the classifiers in use.

    Raises:
        ConfigError: The configuration names one that no plugin registers.
    """
    known = ", ".join(sorted(registry.classifiers)) or "none"
    unknown = [name for name in settings.classifiers if name not in registry.classifiers]
    if unknown:
        problem = f"no plugin registers a classifier {unknown[0]!r}; registered: {known}"
        raise ConfigError("configuration", [ConfigFault("routing.classifiers", problem)])
    if not any(settings.classifiers.get(name, 1.0) for name in registry.classifiers):
        log.warning("every task is taken for a general one", problem="no classifier is in use; install ymera-lexical")


def check_prior(registry: Registry, settings: RoutingSettings) -> None:
    """Looks for the prior in use; an empty name means that there is none.

    Raises:
        ConfigError: The configuration names one that no plugin registers.
    """
    problem = settings.prior and _check("prior", settings.prior, registry.priors, settings, "ymera-published")
    if problem:
        log.warning("models that were not measured count as equally good", problem=problem)


def check_policy(registry: Registry, settings: RoutingSettings) -> None:
    """Looks for the policy in use.

    Raises:
        ConfigError: The configuration names one that no plugin registers.
    """
    problem = _check("policy", settings.policy, registry.policies, settings, "ymera-policies")
    if problem:
        log.warning("the balance of quality, speed and cost decides", problem=problem)


def check_choices(registry: Registry, settings: Settings) -> None:
    """Looks for the policies of agents and of the arms of experiments.

    Raises:
        ConfigError: No plugin registers one of them.
    """
    known = ", ".join(sorted(registry.policies)) or "none; install ymera-policies"
    faults = [
        ConfigFault(f"{where}.policy", f"no plugin registers a policy {choice.policy!r}; registered: {known}")
        for where, choice in choices(settings)
        if choice.policy is not None and choice.policy != BALANCED and choice.policy not in registry.policies
    ]
    if faults:
        raise ConfigError("configuration", faults)


def _check(kind: str, name: str, registered: Mapping[str, object], settings: RoutingSettings, package: str) -> str:
    """Returns what is wrong with a default that may be missing or quarantined; empty if all is well."""
    if name in registered:
        return ""
    known = ", ".join(sorted(registered)) or f"none; install {package}"
    problem = f"no plugin registers a {kind} {name!r}; registered: {known}"
    if name != RoutingSettings.model_fields[kind].default:
        raise ConfigError("configuration", [ConfigFault(f"routing.{kind}", problem)])
    return problem
