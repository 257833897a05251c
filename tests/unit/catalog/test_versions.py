import asyncio
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.catalog.test_catalog import catalog_of, offering
from ymera_service.catalog.discovery import MAX_DEPLOYMENT
from ymera_service.catalog.versions import from_json, model_of, to_json, version_of
from ymera_service.sdk.errors import ConnectionFailed, StorageUnavailable
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price
from ymera_service.sdk.targets import Deployment
from ymera_service.storage.records import CatalogVersion

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
INFOS = st.builds(
    ModelInfo,
    NAMES,
    kind=st.sampled_from(Kind),
    deployments=st.lists(st.builds(Deployment, NAMES, NAMES), min_size=1, max_size=3).map(tuple),
    capabilities=st.frozensets(st.sampled_from(Capability)),
    context_window=st.integers(0, 2**40),
    max_output_tokens=st.integers(0, 2**40),
    price=st.none() | st.builds(Price, st.integers(0, 2**40), st.integers(0, 2**40)),
    simulated=st.booleans(),
    local=st.booleans(),
    stated_quality=st.dictionaries(NAMES, st.floats(0, 1), max_size=3),
)


@given(infos=st.lists(INFOS, max_size=4, unique_by=lambda info: info.name))
def test_stored_models_are_read_unchanged(infos: list[ModelInfo]) -> None:
    models = [model_of("p", info, info.price) for info in infos]
    assert list(from_json(to_json(models)).values()) == models


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'[{"id": "p/m"}]', b"\xff"])
def test_data_that_is_not_a_stored_catalogue_is_rejected(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"list\[_Stored\]"):
        from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.EMBED},
        {"deployments": (Deployment(account="other"),)},
        {"capabilities": frozenset({Capability.TOOLS})},
        {"context_window": 1},
        {"max_output_tokens": 1},
        {"price": Price(1, 2)},
        {"simulated": True},
        {"stated_quality": {"coding": 0.5}},
    ],
)
def test_everything_that_can_influence_a_decision_changes_the_version(change: dict[str, Any]) -> None:
    before, after = ModelInfo("m"), ModelInfo("m", **change)
    versions = {version_of([model_of("p", info, info.price)], ()) for info in (before, after)}
    assert len(versions) == 2


def test_a_failed_discovery_changes_the_version_but_its_error_message_does_not() -> None:
    assert version_of([], ["p"]) != version_of([], [])
    assert version_of([], {"p": "down"}) == version_of([], {"p": "still down"})


def test_the_order_of_the_data_does_not_change_the_version() -> None:
    one = ModelInfo("m", stated_quality={"a": 0.1, "b": 0.2}, capabilities=frozenset(Capability))
    two = ModelInfo("m", stated_quality=MappingProxyType({"b": 0.2, "a": 0.1}), capabilities=frozenset(Capability))
    assert version_of([model_of("p", one, None)], ()) == version_of([model_of("p", two, None)], ())


async def test_the_snapshot_stays_the_same_object_while_nothing_changes() -> None:
    offers: list[list[ModelInfo] | None] = [[ModelInfo("m")], [ModelInfo("m")], None, None, [ModelInfo("n")]]

    async def models() -> Sequence[ModelInfo]:
        offer = offers.pop(0)
        if offer is None:
            raise ConnectionFailed("down")
        return offer

    catalog = catalog_of(p=models)
    snapshots = []
    while offers:
        await catalog.refresh()
        snapshots.append(catalog.snapshot)
    first, same, failing, failing_still, changed = snapshots
    assert first is same
    assert failing is failing_still
    assert list(failing.models) == ["p/m"]
    assert len({id(snapshot) for snapshot in (first, failing, changed)}) == 3


class Storage:
    """Stores versions; fails while `broken`."""

    def __init__(self) -> None:
        self.versions: list[CatalogVersion] = []
        self.broken = False

    async def keep(self, version: CatalogVersion) -> None:
        if self.broken:
            raise StorageUnavailable("the disk is full")
        self.versions.append(version)


async def test_a_version_is_stored_once_when_it_is_new() -> None:
    offers = [[ModelInfo("m")], [ModelInfo("m")], [ModelInfo("n")]]

    async def models() -> Sequence[ModelInfo]:
        return offers.pop(0)

    storage = Storage()
    catalog = catalog_of(store=storage.keep, p=models)
    for _ in range(3):
        await catalog.refresh()
    assert [list(from_json(kept.models)) for kept in storage.versions] == [["p/m"], ["p/n"]]
    assert storage.versions[-1].version == catalog.snapshot.version


async def test_a_version_that_could_not_be_stored_is_stored_at_the_next_refresh() -> None:
    storage = Storage()
    storage.broken = True
    catalog = catalog_of(store=storage.keep, p=offering(ModelInfo("m")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/m"]
    storage.broken = False
    await catalog.refresh()
    assert [kept.version for kept in storage.versions] == [catalog.snapshot.version]


async def test_storage_that_hangs_does_not_stop_refreshing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: CatalogVersion) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("ymera_service.catalog.catalog.STORE_SECONDS", 0.01)
    catalog = catalog_of(store=hangs, p=offering(ModelInfo("m")))
    async with asyncio.timeout(5):
        await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/m"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"context_window": -1},
        {"max_output_tokens": 2**63},
        {"context_window": None},
        {"stated_quality": {"coding": float("nan")}},
        {"stated_quality": {"coding": 7.0}},
        {"stated_quality": {"coding": "good"}},
        {"deployments": ()},
        {"deployments": (Deployment(account="x" * (MAX_DEPLOYMENT + 1)),)},
        {"deployments": (Deployment(endpoint="a\nb"),)},
    ],
)
async def test_a_model_with_invalid_figures_is_left_out(wrong: dict[str, Any]) -> None:
    catalog = catalog_of(p=offering(ModelInfo("wrong", **wrong), ModelInfo("right")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/right"]


async def test_models_that_can_not_be_stored_exclude_only_their_provider() -> None:
    odd = ModelInfo("odd", stated_quality={"\ud800": 0.5})
    catalog = catalog_of(odd=offering(odd), good=offering(ModelInfo("m")))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["good/m"]
    assert "can't be used" in catalog.snapshot.provider_errors["odd"]


async def test_each_deployment_of_a_model_is_a_target() -> None:
    deployments = (Deployment("a", "eu"), Deployment("a", "us"), Deployment("a", "eu"))
    catalog = catalog_of(p=offering(ModelInfo("m", deployments=deployments)))
    await catalog.refresh()
    assert [target.id for target in catalog.snapshot.models["p/m"].targets] == ["p/m#a@eu", "p/m#a@us"]
