"""Puts a pipeline together."""

from ymera_service.catalog import Catalog
from ymera_service.config import Settings
from ymera_service.execution.observers import Learning, Observers
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.recording import Recording
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.slots import Slots
from ymera_service.routing.building import Routing
from ymera_service.storage import Recorder


def build_pipeline(
    *,
    routing: Routing,
    catalog: Catalog,
    breakers: Breakers,
    recorder: Recorder,
    boundary: Boundary,
    settings: Settings,
) -> Pipeline:
    """Returns the pipeline of a server. Its observers have to be run beside it."""
    return Pipeline.build(
        slots=Slots(settings.server.max_concurrent_requests, settings.server.max_queued_requests),
        router=routing.router,
        catalog=catalog,
        breakers=breakers,
        boundary=boundary,
        recording=Recording(recorder),
        observers=Observers([Learning(routing.evidence, routing.sessions)]),
        settings=settings.execution,
    )
