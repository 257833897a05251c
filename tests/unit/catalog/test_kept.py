"""Lists that are kept on disk."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.catalog.test_catalog import InProcessProvider, Offer, offering, raising
from tests.unit.catalog.test_versions import INFOS
from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.discovery import usable
from ymera_service.catalog.kept import MAX_AGE, MAX_BYTES, SLOW_FOR, Kept, KeptLists
from ymera_service.catalog.prices import Listing
from ymera_service.catalog.sources import Listed
from ymera_service.config import CatalogSettings
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.models import ModelInfo, Price, RequestLimits, Tier
from ymera_service.sdk.providers import Provider

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
INFO = ModelInfo(
    "m",
    price=Price(1, 2, 3, tiers=(Tier(4, 5, above_input_tokens=6),)),
    efforts=("low",),
    deprecated=True,
    retires="2026-12-31",
    limits=RequestLimits(1, 2),
    assumed=frozenset({"tools"}),
)
LISTED = Listed((INFO,), NOW, {"m": Listing(Price(7, 8, source="genai-prices"), 9, "2026-07-02")})


class Remote(InProcessProvider):
    """A provider whose list is worth keeping."""

    def __init__(self, name: str, offer: Offer, origin: str = "https://here") -> None:
        super().__init__(name, offer)
        self._origin = origin

    @property
    def origin(self) -> str:
        return self._origin


def remote(**origins: str) -> dict[str, Provider]:
    return {name: Remote(name, offering(), origin) for name, origin in origins.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models"


def saved(file: Path, **kept: Kept) -> Path:
    KeptLists(file).save(kept)
    return file


@given(infos=st.lists(INFOS | st.just(INFO), max_size=4, unique_by=lambda info: info.name))
def test_what_is_kept_is_read_unchanged(tmp_path_factory: pytest.TempPathFactory, infos: list[ModelInfo]) -> None:
    with structlog.testing.capture_logs():
        offered = tuple(usable("p", infos))
    kept = Kept("https://here", replace(LISTED, infos=offered), NOW)
    file = saved(tmp_path_factory.mktemp("kept") / "models", p=kept)
    assert KeptLists(file).load(remote(p="https://here"), NOW) == {"p": kept}


def test_only_the_owner_may_read_the_file_and_nothing_else_is_left(file: Path) -> None:
    saved(file, p=Kept("here", LISTED))
    saved(file, p=Kept("here", LISTED))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["models"]


def test_a_list_from_another_origin_is_not_used(file: Path) -> None:
    assert KeptLists(saved(file, p=Kept("here", LISTED))).load(remote(p="there"), NOW) == {}


@pytest.mark.parametrize("age", [MAX_AGE + timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_list_that_is_too_old_or_from_the_future_is_ignored_with_a_line_in_the_log(
    file: Path, age: timedelta
) -> None:
    saved(file, p=Kept("here", replace(LISTED, at=NOW - age)))
    with structlog.testing.capture_logs() as logs:
        assert KeptLists(file).load(remote(p="here"), NOW) == {"p": Kept("here", None)}
    assert [(line["event"], line["provider"]) for line in logs] == [("kept_list_ignored", "p")]


def test_a_provider_counts_as_slow_for_an_hour(file: Path) -> None:
    saved(file, p=Kept("here", None, NOW))
    lists, providers = KeptLists(file), remote(p="here")
    assert lists.load(providers, NOW + SLOW_FOR)["p"].slow_since == NOW
    assert lists.load(providers, NOW + SLOW_FOR + timedelta(seconds=1))["p"].slow_since is None


def test_lists_of_providers_that_another_process_has_stay(file: Path) -> None:
    saved(file, other=Kept("there", LISTED))
    lists = KeptLists(file)
    lists.load(remote(p="here"), NOW)
    lists.save({"p": Kept("here", LISTED)})
    assert KeptLists(file).load(remote(p="here", other="there"), NOW).keys() == {"p", "other"}


def test_results_of_another_version_of_the_price_lists_are_dropped(file: Path) -> None:
    document = json.loads(saved(file, p=Kept("here", LISTED)).read_bytes())
    file.write_text(json.dumps(document | {"price_list": "0.0.1"}))
    found = KeptLists(file).load(remote(p="here"), NOW)["p"].listed
    assert found == replace(LISTED, listings={})


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        lambda data: b"",
        lambda data: b"\xff\xfe",
        lambda data: b"[]",
        lambda data: data.replace(b'"format":1', b'"format":2'),
        lambda data: data.replace(b'"input":1,', b'"input":-1,'),
        lambda data: data.replace(b'"input":1,', b'"input":NaN,'),
        lambda data: b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_ignored_with_a_line_in_the_log_and_replaced(
    file: Path, spoil: Callable[[bytes], bytes]
) -> None:
    data = saved(file, p=Kept("here", LISTED)).read_bytes()
    assert spoil(data) != data
    file.write_bytes(spoil(data))
    with structlog.testing.capture_logs() as logs:
        assert KeptLists(file).load(remote(p="here"), NOW) == {}
    assert [line["event"] for line in logs] == ["kept_lists_ignored"]
    assert len(logs[0]["problem"]) < 600
    saved(file, p=Kept("here", LISTED))
    assert KeptLists(file).load(remote(p="here"), NOW)["p"].listed == LISTED


def test_what_is_not_a_file_or_far_too_large_is_ignored_at_once(file: Path) -> None:
    os.mkfifo(file)
    assert KeptLists(file).load({}, NOW) == {}
    file.unlink()
    with file.open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    assert KeptLists(file).load({}, NOW) == {}


def test_a_folder_that_can_not_be_written_is_logged_once(tmp_path: Path) -> None:
    lists = KeptLists(tmp_path / "nowhere" / "models")
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            lists.save({"p": Kept("here", LISTED)})
    assert [line["event"] for line in logs] == ["lists_not_kept"]


def is_there(file: Path) -> bool:
    return file.exists()


def written_at(file: Path) -> int:
    return file.stat().st_mtime_ns


def remove(file: Path) -> None:
    file.unlink()


async def hanging() -> Sequence[ModelInfo]:
    await asyncio.Event().wait()
    return []


class Start:
    """Starts of a server, one after the other."""

    def __init__(self, file: Path, **settings: float) -> None:
        self._file = file
        self._settings = CatalogSettings(**settings)  # type: ignore[arg-type]  # numbers only

    async def __call__(self, **offers: Offer) -> Catalog:
        providers = {name: Remote(name, offer) for name, offer in offers.items()}
        catalog = Catalog(providers, self._settings, kept=KeptLists(self._file))
        await catalog.restore()
        refreshing = asyncio.create_task(catalog.refresh())
        async with asyncio.timeout(10):
            await catalog.ready()
        self.took_all = refreshing.done()
        self.refreshing = refreshing
        return catalog

    async def end(self) -> None:
        self.refreshing.cancel()
        await asyncio.gather(self.refreshing, return_exceptions=True)


async def test_a_kept_list_is_offered_while_the_provider_hangs(file: Path) -> None:
    start = Start(file, discovery_seconds=30)
    await start(p=offering(INFO))
    await start.refreshing
    catalog = await start(p=hanging)
    assert list(catalog.snapshot.models) == ["p/m"]
    assert not start.took_all
    await start.end()


async def test_a_kept_list_is_offered_without_a_network(file: Path) -> None:
    start = Start(file)
    await start(p=offering(INFO))
    await start.refreshing
    catalog = await start(p=raising(ConnectionFailed("offline")))
    await start.refreshing
    assert list(catalog.snapshot.models) == ["p/m"]
    assert "offline" in catalog.snapshot.provider_errors["p"]


async def test_a_provider_that_answers_at_once_is_listed_as_it_is_now(file: Path) -> None:
    start = Start(file)
    await start(p=offering(ModelInfo("old")))
    await start.refreshing
    catalog = await start(p=offering(ModelInfo("new")))
    await start.refreshing
    assert list(catalog.snapshot.models) == ["p/new"]


async def test_a_provider_of_which_nothing_is_kept_is_waited_for_but_only_once_in_an_hour_if_it_hangs(
    file: Path,
) -> None:
    start = Start(file, discovery_seconds=0.4)
    began = asyncio.get_running_loop().time()
    catalog = await start(p=hanging, q=offering(INFO))
    assert asyncio.get_running_loop().time() - began >= 0.4
    await start.refreshing
    assert list(catalog.snapshot.models) == ["q/m"]
    catalog = await start(p=hanging, q=offering(INFO))
    assert not start.took_all
    assert list(catalog.snapshot.models) == ["q/m"]
    assert catalog.snapshot.provider_errors == {"p": "has not listed its models yet"}
    await start.end()


async def test_a_model_that_is_listed_meanwhile_can_be_waited_for(file: Path) -> None:
    start, go_on = Start(file), asyncio.Event()

    async def later() -> Sequence[ModelInfo]:
        await go_on.wait()
        return [ModelInfo("new")]

    await start(p=offering(ModelInfo("old")))
    await start.refreshing
    catalog = await start(p=later)
    assert list(catalog.snapshot.models) == ["p/old"]
    waiting = asyncio.create_task(catalog.first_listed())
    go_on.set()
    async with asyncio.timeout(5):
        assert await waiting is True
    assert list(catalog.snapshot.models) == ["p/new"]
    assert await catalog.first_listed() is False


@pytest.mark.parametrize("info", [replace(INFO, local=True), INFO])
async def test_lists_of_the_operators_own_servers_and_of_the_process_itself_are_not_kept(
    file: Path, info: ModelInfo
) -> None:
    make = Remote if info.local else InProcessProvider
    catalog = Catalog({"p": make("p", offering(info))}, CatalogSettings(), kept=KeptLists(file))
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/m"]
    assert not is_there(file)


async def test_a_list_that_did_not_change_is_not_written_again(file: Path) -> None:
    start = Start(file)
    await start(p=offering(INFO))
    await start.refreshing
    remove(file)
    await (await start(p=offering(INFO))).refresh()
    assert is_there(file)  # as it was kept nowhere
    before = written_at(file)
    await (await start(p=offering(INFO))).refresh()
    assert written_at(file) == before


class Failing(Remote):
    @property
    def origin(self) -> str:
        raise RuntimeError("a defect")


async def test_a_plugin_that_fails_to_say_where_its_list_is_from_is_listed_all_the_same(file: Path) -> None:
    catalog = Catalog({"p": Failing("p", offering(INFO))}, CatalogSettings(), kept=KeptLists(file))
    await catalog.restore()
    await catalog.refresh()
    assert list(catalog.snapshot.models) == ["p/m"]
    assert not is_there(file)
