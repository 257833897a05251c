"""The list of a provider's models is bounded, and what is wrong with it is reported."""

import itertools
from collections.abc import AsyncGenerator, Iterable

import pytest

from ymera_service.catalog import discovery
from ymera_service.catalog.discovery import MAX_DEPLOYMENTS, MAX_MODELS, DiscoveryFailed, discover
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Deployment


class Listing(Provider):
    name = "lab"

    def __init__(self, offered: Iterable[object]) -> None:
        self._offered = offered

    async def models(self) -> Iterable[ModelInfo]:  # type: ignore[override]  # a plugin may return anything
        return self._offered  # type: ignore[return-value]

    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise NotImplementedError


def some(count: int) -> Iterable[ModelInfo]:
    return (ModelInfo(f"m{number}") for number in range(count))


async def test_as_many_models_as_are_allowed_are_listed() -> None:
    assert len(await discover(Listing(some(MAX_MODELS)), 10)) == MAX_MODELS


@pytest.mark.parametrize(
    "offered",
    [some(MAX_MODELS + 1), list(some(MAX_MODELS + 1)), map(str, itertools.count())],
    ids=["generator", "list", "endless"],
)
async def test_more_models_than_are_allowed_are_refused(
    offered: Iterable[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "MAX_REPORTED", 0)
    with pytest.raises(DiscoveryFailed, match=f"more than {MAX_MODELS} models"):
        await discover(Listing(offered), 10)


@pytest.mark.parametrize(
    "bad",
    [
        7,
        ModelInfo(7),  # type: ignore[arg-type]
        ModelInfo("bad", capabilities="all"),  # type: ignore[arg-type]
        ModelInfo("bad", price="free"),  # type: ignore[arg-type]
        ModelInfo("bad", price_vendor="x" * 1000),
        ModelInfo("bad", deployments=None),  # type: ignore[arg-type]
        ModelInfo("bad", deployments=tuple(Deployment(f"key-{number}") for number in range(MAX_DEPLOYMENTS + 1))),
        ModelInfo("bad", stated_quality={str(number): 0.5 for number in range(1000)}),
    ],
    ids=lambda bad: f"{bad!r:.60}",
)
async def test_a_model_with_a_field_of_a_wrong_type_or_size_is_left_out(bad: object) -> None:
    assert [model.name for model in await discover(Listing([bad, ModelInfo("good")]), 10)] == ["good"]
