"""Puts a router together."""

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import ConfigError, ConfigFault, RoutingSettings
from ymera_service.plugins import Plugins, Registry
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.router import Router
from ymera_service.routing.sessions import Sessions
from ymera_service.sdk.classifiers import Classifier

log = structlog.get_logger(__name__)


def build_router(
    *,
    plugins: Plugins,
    catalog: Catalog,
    breakers: Breakers,
    evidence: Evidence,
    sessions: Sessions,
    settings: RoutingSettings,
) -> Router:
    """Returns the router of a server; classifier and categories are those of the plugins in use at each request.

    Raises:
        ConfigError: The configuration names a classifier that no plugin registers.
    """
    check_classifier(plugins.registry, settings)

    def classifier() -> Classifier | None:
        return plugins.registry.classifiers.get(settings.classifier)

    def categories() -> set[str]:
        return {category for suite in plugins.registry.suites.values() for category in suite.categories}

    return Router(
        catalog=catalog,
        evidence=evidence,
        sessions=sessions,
        open_domains=breakers.open_domains,
        paused_domains=breakers.pauses.domains,
        classifier=classifier,
        settings=settings,
        categories=categories,
    )


def check_classifier(registry: Registry, settings: RoutingSettings) -> None:
    """Looks for the classifier in use. That of the defaults may be missing or quarantined: this is logged.

    Raises:
        ConfigError: The configuration names one that no plugin registers.
    """
    if settings.classifier in registry.classifiers:
        return
    known = ", ".join(sorted(registry.classifiers)) or "none; install ymera-lexical"
    problem = f"no plugin registers a classifier {settings.classifier!r}; registered: {known}"
    if "classifier" in settings.model_fields_set:
        raise ConfigError("configuration", [ConfigFault("routing.classifier", problem)])
    log.warning("every task is taken for a general one", problem=problem)
