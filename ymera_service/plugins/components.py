"""Starts and closes what plugins offer; a component that can't start is left out with its reason in Health."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from ymera_service.plugins.containment import contained
from ymera_service.plugins.status import KINDS, ComponentKind, PluginStatus, Registry
from ymera_service.plugins.wording import words
from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.components import Component
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderServerError
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

log = structlog.get_logger(__name__)

START_SECONDS = 10.0
CLOSE_SECONDS = 5.0
"""How long each component may take; they are started, and closed, all at once."""


class NotStarted(Provider):
    """Stands where a provider would that could not start; asked for its models, it says why."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    async def models(self) -> Sequence[ModelInfo]:
        """Raises why the provider is left out; Health shows it."""
        raise ProviderServerError(self._reason)

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Raises why the provider is left out."""
        raise ProviderServerError(self._reason)
        yield


@asynccontextmanager
async def started(registry: Registry, redact: Callable[[str], str] = str) -> AsyncIterator[Registry]:
    """Starts all components and gives the registry without those that failed. Closes all at the end.

    A provider that failed is replaced by a `NotStarted`, so that Health shows it as a provider.
    """
    components = [(kind, *one) for kind in KINDS for one in registry.components.get(kind.base, {}).items()]
    try:
        async with asyncio.TaskGroup() as group:
            starting = {
                (kind.base, name): group.create_task(_start(kind, name, one, redact)) for kind, name, one in components
            }
        yield _without(registry, {key: task.result() for key, task in starting.items() if task.result()})
    finally:
        async with asyncio.TaskGroup() as group:
            for kind, name, one in components:
                group.create_task(_close(kind, name, one, redact))


def _without(registry: Registry, problems: Mapping[tuple[type[Component], str], str]) -> Registry:
    """Returns the registry without the components that did not start; their plugins say why."""
    kept = {
        base: {name: one for name, one in components.items() if (base, name) not in problems}
        for base, components in registry.components.items()
    }
    failed = {name: NotStarted(name, problem) for (base, name), problem in problems.items() if base is Provider}
    kept[Provider] = {**kept.get(Provider, {}), **failed}
    plugins = tuple(_with_problems(plugin, problems) for plugin in registry.found)
    return replace(registry, components=kept, found=plugins)


def _with_problems(plugin: PluginStatus, problems: Mapping[tuple[type[Component], str], str]) -> PluginStatus:
    bases = {kind.name: kind.base for kind in KINDS}
    own = [(one, problems.get((bases[one.kind], one.name), "")) for one in plugin.registrations]
    texts = [f"{registration}: {problem}" for registration, problem in own if problem]
    if not texts:
        return plugin
    return replace(plugin, refused=True, detail="; ".join(filter(None, [plugin.detail, *texts])))


async def _start(kind: ComponentKind, name: str, component: Component, redact: Callable[[str], str]) -> str:
    problem = await _problem_of(component.start, START_SECONDS, redact)
    if not problem:
        return ""
    log.warning("component not started", kind=kind.name, name=name, problem=problem)
    return f"could not start: {problem}"


async def _close(kind: ComponentKind, name: str, component: Component, redact: Callable[[str], str]) -> None:
    if problem := await _problem_of(component.close, CLOSE_SECONDS, redact):
        log.warning("component not closed", kind=kind.name, name=name, problem=problem)


async def _problem_of(step: Callable[[], object], seconds: float, redact: Callable[[str], str]) -> str:
    """Returns why a step of a plugin's code failed, whatever it raised; empty if it succeeded."""

    def given_up(place: str) -> None:
        log.error("start or close given up, as it ignores its cancellation", function=place)

    try:
        async with asyncio.timeout(seconds):
            await contained(step(), given_up)  # type: ignore[arg-type]  # it may not be a coroutine: a failure, too
    except TimeoutError:
        return f"took longer than {seconds:g} s"
    except BaseException as error:  # as the docstring says
        if isinstance(error, asyncio.CancelledError) and being_cancelled():
            raise
        return words(error, redact)
    return ""
