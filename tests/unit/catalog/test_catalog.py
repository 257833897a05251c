import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import replace

import pytest

from ymera_service.catalog.catalog import Catalog, Store
from ymera_service.catalog.discovery import MAX_NAME
from ymera_service.config import CatalogSettings, PriceSettings
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.providers import Provider

Offer = Callable[[], Coroutine[None, None, Sequence[ModelInfo]]]


class InProcessProvider(Provider):
    """A provider whose list of models a test defines."""

    def __init__(self, name: str, offer: Offer) -> None:
        self.name = name
        self._offer = offer

    async def models(self) -> Sequence[ModelInfo]:
        return await self._offer()

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        yield Finished(FinishReason.STOP)


def offering(*infos: ModelInfo) -> Offer:
    async def models() -> Sequence[ModelInfo]:
        return infos

    return models


def raising(error: BaseException) -> Offer:
    async def models() -> Sequence[ModelInfo]:
        raise error

    return models


def catalog_of(settings: CatalogSettings | None = None, store: Store | None = None, **offers: Offer) -> Catalog:
    providers: dict[str, Provider] = {name: InProcessProvider(name, offer) for name, offer in offers.items()}
    return Catalog(providers, settings or CatalogSettings(), store)


async def test_a_snapshot_has_the_models_of_all_providers_sorted_by_id() -> None:
    catalog = catalog_of(b=offering(ModelInfo("z"), ModelInfo("a")), a=offering(ModelInfo("m")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["a/m", "b/a", "b/z"]
    assert catalog.snapshot.models["b/a"].provider == "b"
    assert catalog.provider("a").name == "a"


async def test_capabilities_in_the_configuration_take_precedence_over_what_a_provider_states() -> None:
    tools, images, audio = Capability.TOOLS, Capability.IMAGE_INPUT, Capability.AUDIO_INPUT
    stated = {"p/*": {tools: False, images: True}, "p/b": {tools: True}, "q/*": {audio: True}}
    info = ModelInfo("a", frozenset({tools}), unknown=frozenset({images, audio}))
    catalog = catalog_of(CatalogSettings(capabilities=stated), p=offering(info, replace(info, name="b")))
    await catalog.refresh()
    models = catalog.snapshot.models
    assert models["p/a"].info == replace(info, capabilities=frozenset({images}), unknown=frozenset({audio}))
    assert models["p/b"].info.capabilities == {tools, images}


async def test_a_refresh_does_not_change_the_previous_snapshot() -> None:
    offers = [[ModelInfo("old")], [ModelInfo("new")]]

    async def models() -> Sequence[ModelInfo]:
        return offers.pop(0)

    catalog = catalog_of(p=models)
    await catalog.refresh()
    before = catalog.snapshot.models
    await catalog.refresh()
    assert list(before) == ["p/old"]
    assert list(catalog.snapshot.models) == ["p/new"]
    with pytest.raises(TypeError):
        before["p/x"] = before["p/old"]  # type: ignore[index]  # proves that it can't be written


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        (raising(ConnectionFailed("connection refused")), "connection refused"),
        (raising(RuntimeError("plugin defect")), "RuntimeError: plugin defect"),
        (raising(asyncio.CancelledError()), "raised CancelledError without being cancelled"),
        (raising(TimeoutError()), "did not list its models within 3 s"),
        (offering, "TypeError"),
    ],
)
async def test_the_error_of_a_provider_is_recorded_and_the_others_are_offered(offer: Offer, problem: str) -> None:
    catalog = catalog_of(bad=offer, good=offering(ModelInfo("m")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["good/m"]
    assert problem in catalog.snapshot.provider_errors["bad"]
    assert "good" not in catalog.snapshot.provider_errors


async def test_a_provider_whose_models_can_not_be_priced_does_not_affect_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("a list that is wrong")

    monkeypatch.setattr("ymera_service.catalog.prices._find", fails)
    catalog = catalog_of(listed=offering(ModelInfo("m", price_vendor="openai")), own=offering(ModelInfo("m")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["own/m"]
    assert "a list that is wrong" in catalog.snapshot.provider_errors["listed"]


async def test_a_provider_that_fails_later_keeps_its_last_models_until_it_answers_again() -> None:
    answers: list[ModelInfo | Exception] = [ModelInfo("first"), ConnectionFailed("down"), ModelInfo("second")]

    async def models() -> Sequence[ModelInfo]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]

    catalog = catalog_of(p=models)
    await catalog.refresh()
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/first"]
    assert catalog.snapshot.provider_errors == {"p": "down"}
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/second"]
    assert catalog.snapshot.provider_errors == {}


async def test_a_provider_that_lists_nothing_any_more_keeps_its_models_as_a_dead_local_server_does() -> None:
    answers: list[list[ModelInfo]] = [[], [ModelInfo("real")], [], [], [ModelInfo("other")]]

    async def models() -> Sequence[ModelInfo]:
        return answers.pop(0)

    catalog = catalog_of(local=models)
    seen = []
    for _ in range(5):
        await catalog.refresh()
        seen.append((list(catalog.snapshot.models), "local" in catalog.snapshot.provider_errors))
    assert seen == [
        ([], False),
        (["local/real"], False),
        (["local/real"], True),
        (["local/real"], True),
        (["local/other"], False),
    ]


async def test_a_provider_that_hangs_is_cancelled_after_the_time_limit() -> None:
    left = asyncio.Event()

    async def models() -> Sequence[ModelInfo]:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return []

    catalog = catalog_of(CatalogSettings(discovery_seconds=0.05), slow=models, quick=offering(ModelInfo("m")))
    async with asyncio.timeout(5):
        await catalog.refresh()
    assert left.is_set()
    assert list(catalog.snapshot.models) == ["quick/m"]
    assert "0.05 s" in catalog.snapshot.provider_errors["slow"]


async def test_providers_are_queried_concurrently() -> None:
    both = asyncio.Barrier(2)

    async def models() -> Sequence[ModelInfo]:
        await both.wait()
        return [ModelInfo("m")]

    catalog = catalog_of(a=models, b=models)
    async with asyncio.timeout(5):
        await catalog.refresh()
    assert list(catalog.snapshot.models) == ["a/m", "b/m"]


async def test_a_refresh_that_is_cancelled_stops_the_providers_and_changes_nothing() -> None:
    called, left = asyncio.Event(), asyncio.Event()

    async def models() -> Sequence[ModelInfo]:
        called.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return []

    catalog = catalog_of(p=models)
    refresh = asyncio.create_task(catalog.refresh())
    async with asyncio.timeout(5):
        await called.wait()
        refresh.cancel()
        with pytest.raises(asyncio.CancelledError):
            await refresh
    assert left.is_set()
    assert catalog.snapshot.provider_errors == {}


async def test_names_that_can_not_be_part_of_an_id_are_left_out_and_doubles_are_offered_once() -> None:
    names = [
        "good",
        "",
        "x" * (MAX_NAME + 1),
        "with space",
        "tab\there",
        "nul\0",
        "good",
        "line\nbreak",
        "vendor/model:free",
    ]
    catalog = catalog_of(p=offering(*(ModelInfo(name) for name in names)))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/good", "p/vendor/model:free"]


async def test_values_that_are_not_models_are_left_out() -> None:
    async def models() -> Sequence[ModelInfo]:
        return [ModelInfo("m"), "not a model", None]  # type: ignore[list-item]  # an error of third-party code

    catalog = catalog_of(p=models)
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/m"]


async def test_a_price_comes_from_the_configuration_before_the_provider_before_the_list() -> None:
    stated = Price(input=1, output=2)
    catalog = catalog_of(
        CatalogSettings(prices={"p/overridden": PriceSettings(input=0.15, output=0.6, cache_read=0.075)}),
        p=offering(
            ModelInfo("overridden", price=stated, price_vendor="openai"),
            ModelInfo("gpt-4o", price=stated, price_vendor="openai"),
            ModelInfo("gpt-4o-mini", price_vendor="openai"),
        ),
    )
    await catalog.refresh()
    assert catalog.snapshot.models["p/overridden"].price == Price(150_000, 600_000, 75_000, source="configuration")
    assert catalog.snapshot.models["p/gpt-4o"].price == stated
    listed = catalog.snapshot.models["p/gpt-4o-mini"].price
    assert listed is not None
    assert listed.source == "genai-prices"
    assert 0 < listed.input < listed.output


async def test_a_price_without_a_source_is_unknown_and_not_zero() -> None:
    catalog = catalog_of(
        p=offering(
            ModelInfo("no-such-model-9000", price_vendor="openai"),
            ModelInfo("gpt-4o", price_vendor="no-such-vendor"),
            ModelInfo("unlisted"),
        )
    )
    await catalog.refresh()
    assert [model.price for model in catalog.snapshot.models.values()] == [None, None, None]
    assert [model.cost_micros(Usage(1, 1)) for model in catalog.snapshot.models.values()] == [None, None, None]


async def test_the_rate_of_a_tier_applies_to_the_whole_request() -> None:
    catalog = catalog_of(p=offering(ModelInfo("claude-sonnet-4-5", price_vendor="anthropic")))
    await catalog.refresh()
    model = catalog.snapshot.models["p/claude-sonnet-4-5"]
    assert model.cost_micros(Usage(200_000, 1_000)) == 615_000
    assert model.cost_micros(Usage(300_000, 1_000)) == 1_822_500


async def test_an_unknown_context_window_is_taken_from_the_list_and_a_known_one_is_kept() -> None:
    catalog = catalog_of(
        p=offering(
            ModelInfo("gpt-4o", price_vendor="openai"),
            ModelInfo("gpt-4o-mini", price_vendor="openai", context_window=5),
            ModelInfo("unlisted"),
        )
    )
    await catalog.refresh()
    windows = {model.info.name: model.info.context_window for model in catalog.snapshot.models.values()}
    assert windows["gpt-4o"] >= 100_000
    assert windows["gpt-4o-mini"] == 5
    assert windows["unlisted"] == 0
