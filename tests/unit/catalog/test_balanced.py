"""Names in `[balancing]` that mean nothing on offer."""

import pytest
import structlog

from tests.unit.catalog.test_catalog import catalog_of, offering, raising
from ymera_service.catalog.balanced import BalancedCatalog, unknown_names
from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.config import BalancingPolicy, BalancingSettings
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Deployment

GPT = ModelInfo("gpt-5", deployments=(Deployment("team-a", "eu"), Deployment("team-b", "us")))
PROVIDERS = ("openai", "idle", "down")


def catalog() -> Catalog:
    return catalog_of(
        openai=offering(GPT, ModelInfo("embed@2")), idle=offering(), down=raising(ConnectionFailed("refused"))
    )


async def warned(settings: BalancingSettings, times: int = 1) -> list[tuple[str, str]]:
    balanced = BalancedCatalog(catalog(), settings, PROVIDERS)
    with structlog.testing.capture_logs() as lines:
        for _ in range(times):
            await balanced.refresh()
    return [
        (line["name"], line["problem"])
        for line in lines
        if (line["event"], line["log_level"]) == ("unknown_name_in_settings", "warning")
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("opnai#team-a", "no provider is named 'opnai'; did you mean 'openai#team-a'?"),
        ("opnai/gpt-5#team-a@eu", "no provider is named 'opnai'; did you mean 'openai/gpt-5#team-a@eu'?"),
        ("vertex@eu", "no provider is named 'vertex'"),
        ("openai#tema-b", "no account, endpoint or target has this name; did you mean 'openai#team-b'?"),
        ("openai@uss", "no account, endpoint or target has this name; did you mean 'openai@us'?"),
        (
            "openai/gtp-5#team-a@eu",
            "no account, endpoint or target has this name; did you mean 'openai/gpt-5#team-a@eu'?",
        ),
        (
            "openai/gpt-5#team-a@us",
            "no account, endpoint or target has this name; did you mean 'openai/gpt-5#team-b@us'?",
        ),
        ("openai", "no account, endpoint or target has this name"),
    ],
)
async def test_a_weight_that_means_nothing_is_named_with_what_is_similar(name: str, problem: str) -> None:
    [(setting, found)] = await warned(BalancingSettings(weights={name: 2}))
    assert setting == f'balancing.weights."{name}"'
    assert found.startswith(problem)


async def test_a_policy_for_a_provider_that_does_not_exist_is_named() -> None:
    settings = BalancingSettings(providers={"opnai": BalancingPolicy.WEIGHTED, "idle": BalancingPolicy.WEIGHTED})
    assert await warned(settings) == [
        ("balancing.providers.opnai", "no provider has this name; did you mean 'openai'?")
    ]


async def test_names_that_mean_something_or_may_are_not_named() -> None:
    names = ("openai#team-a", "openai@us", "openai/gpt-5#team-b@us", "openai/embed@2", "down#team", "idle/model@eu")
    settings = BalancingSettings(
        weights=dict.fromkeys(names, 2), providers=dict.fromkeys(PROVIDERS, BalancingPolicy.ROUND_ROBIN)
    )
    assert await warned(settings) == []


async def test_a_name_is_named_once() -> None:
    assert len(await warned(BalancingSettings(weights={"opnai@us": 2}), times=3)) == 1


async def test_what_a_provider_has_is_not_known_while_it_can_not_be_listed() -> None:
    listed = catalog()
    await listed.refresh()
    settings = BalancingSettings(weights={"openai#new": 2})
    models = listed.snapshot.models
    assert list(unknown_names(settings, PROVIDERS, CatalogSnapshot(models, {})))
    assert not list(unknown_names(settings, PROVIDERS, CatalogSnapshot(models, {"openai": "timed out"})))
