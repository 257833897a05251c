"""Puts a pipeline together: its stages in order, and the observers of finished executions."""

import random

from ymera_service.catalog import Catalog
from ymera_service.config import ExecutionSettings
from ymera_service.execution.attempt import AttemptRunner
from ymera_service.execution.observers import Learning, Observers
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.recording import Recording
from ymera_service.execution.stages import Admit, Generate, Route, Screen
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.retries import RetryBudgets
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
    slots: Slots,
    settings: ExecutionSettings,
    draw: random.Random | None = None,
) -> Pipeline:
    """Returns the pipeline of a server, whose observers have to be run beside it.

    `draw` settles the jitter of retries, and which of equal accounts is called.
    """
    draw = draw or random.Random()  # noqa: S311  # jitter
    recording = Recording(recorder)
    generate = Generate(
        attempts=AttemptRunner(settings, boundary),
        catalog=catalog,
        breakers=breakers,
        budgets=RetryBudgets(),
        recording=recording,
        settings=settings,
        draw=draw,
    )
    route = Route(routing.router, catalog.first_listed)
    return Pipeline(
        route=route,
        execute=(Screen(slots), route, Admit(slots), generate),
        slots=slots,
        recording=recording,
        observers=Observers([Learning(routing.evidence, routing.readers, routing.remember)]),
    )
