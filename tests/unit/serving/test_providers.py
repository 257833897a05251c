"""Providers are started first and closed at the end, even if a plugin's code fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderServerError
from ymera_service.sdk.events import Accepted, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.serving import providers
from ymera_service.serving.providers import started

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


async def test_providers_are_started_and_closed() -> None:
    one, other = Lab("one"), Lab("other")
    async with asyncio.timeout(WAIT), started({"one": one, "other": other}) as ready:
        assert ready == {"one": one, "other": other}
        assert one.steps == other.steps == ["start"]
    assert one.steps == other.steps == ["start", "close"]


@pytest.mark.parametrize(
    "problem", [OSError("no s3cret key"), SystemExit(3), asyncio.CancelledError(), ProviderServerError("no")]
)
async def test_a_provider_that_fails_is_excluded_with_its_reason(problem: BaseException) -> None:
    sound, broken = Lab("sound"), Lab("broken", problem)
    all_of_them = {"sound": sound, "broken": broken}
    async with asyncio.timeout(WAIT), started(all_of_them, lambda text: text.replace("s3cret", "***")) as ready:
        assert ready["sound"] is sound
        with pytest.raises(ProviderServerError, match=f"could not start: {type(problem).__name__}") as caught:
            await ready["broken"].models()
        assert "s3cret" not in caught.value.message
    assert broken.steps == ["start", "close"]


async def test_a_provider_that_hangs_does_not_block_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "START_SECONDS", 0.01)
    monkeypatch.setattr(providers, "CLOSE_SECONDS", 0.01)
    sound, hanging = Lab("sound"), Lab("hanging", hangs=True)
    async with asyncio.timeout(WAIT), started({"sound": sound, "hanging": hanging}) as ready:
        assert ready["sound"] is sound
        with pytest.raises(ProviderServerError, match=r"took longer than 0.01 s"):
            await ready["hanging"].models()
    assert hanging.steps == ["start", "close"]
