"""Components are started first and closed at the end, even if a plugin's code fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from ymera_service.plugins import PluginState, PluginStatus, Registration, Registry, components
from ymera_service.plugins.components import started
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.components import Component
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderServerError
from ymera_service.sdk.events import Accepted, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

WAIT = 10


class Lab(Provider):
    def __init__(self, name: str, problem: BaseException | None = None, *, hangs: bool = False) -> None:
        self.name = name
        self.steps: list[str] = []
        self._problem = problem
        self._hangs = hangs

    async def start(self) -> None:
        await self._step("start")

    async def close(self) -> None:
        await self._step("close")

    async def _step(self, name: str) -> None:
        self.steps.append(name)
        if self._hangs:
            await asyncio.Event().wait()
        if self._problem is not None:
            raise self._problem

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("m")]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()


class Moody(Classifier):
    name = "moody"

    def __init__(self, problem: Exception | None = None) -> None:
        self.steps: list[str] = []
        self._problem = problem

    async def start(self) -> None:
        self.steps.append("start")
        if self._problem:
            raise self._problem

    async def close(self) -> None:
        self.steps.append("close")

    def read(self, prompt: Prompt) -> Reading:
        return Reading({"math": 1.0})


def registry_of(*offered: Component) -> Registry:
    kinds: dict[type[Component], tuple[str, dict[str, Component]]] = {
        Provider: ("provider", {}),
        Classifier: ("classifier", {}),
    }
    registrations = []
    for one in offered:
        kind, components = next(kinds[base] for base in kinds if isinstance(one, base))
        components[one.name] = one
        registrations.append(Registration(kind, one.name))
    plugin = PluginStatus("lab", "lab", "1", PluginState.ACTIVE, registrations=tuple(registrations))
    return Registry({base: of_kind for base, (_, of_kind) in kinds.items()}, (plugin,))


async def test_components_are_started_and_closed() -> None:
    one, other = Lab("one"), Moody()
    async with asyncio.timeout(WAIT), started(registry_of(one, other)) as ready:
        assert ready.providers == {"one": one}
        assert ready.classifiers == {"moody": other}
        assert one.steps == other.steps == ["start"]
    assert one.steps == other.steps == ["start", "close"]


@pytest.mark.parametrize(
    "problem", [OSError("no s3cret key"), SystemExit(3), asyncio.CancelledError(), ProviderServerError("no")]
)
async def test_a_provider_that_fails_is_excluded_with_its_reason(problem: BaseException) -> None:
    sound, broken = Lab("sound"), Lab("broken", problem)
    async with (
        asyncio.timeout(WAIT),
        started(registry_of(sound, broken), lambda text: text.replace("s3cret", "***")) as ready,
    ):
        assert ready.providers["sound"] is sound
        with pytest.raises(ProviderServerError, match=f"could not start: {type(problem).__name__}") as caught:
            await ready.providers["broken"].models()
        assert "s3cret" not in caught.value.message
        assert "provider 'broken': could not start" in ready.plugins[0].detail
        assert "s3cret" not in ready.plugins[0].detail
    assert broken.steps == ["start", "close"]


async def test_a_classifier_that_fails_to_start_is_left_out() -> None:
    moody = Moody(OSError("no file"))
    async with asyncio.timeout(WAIT), started(registry_of(Lab("sound"), moody)) as ready:
        assert ready.classifiers == {}
        assert ready.plugins[0].refused
        assert "classifier 'moody': could not start: OSError: no file" in ready.plugins[0].detail
    assert moody.steps == ["start", "close"]


async def test_a_provider_that_hangs_does_not_block_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "START_SECONDS", 0.01)
    monkeypatch.setattr(components, "CLOSE_SECONDS", 0.01)
    sound, hanging = Lab("sound"), Lab("hanging", hangs=True)
    async with asyncio.timeout(WAIT), started(registry_of(sound, hanging)) as ready:
        assert ready.providers["sound"] is sound
        with pytest.raises(ProviderServerError, match=r"took longer than 0.01 s"):
            await ready.providers["hanging"].models()
    assert hanging.steps == ["start", "close"]
