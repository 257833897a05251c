from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from tests.unit.catalog.test_catalog import catalog_of
from ymera_service.catalog.changes import MAX_LOGGED, Change, ChangeKind, DatedChange, changes, history
from ymera_service.catalog.versions import model_of
from ymera_service.sdk.models import Model, ModelInfo, Price

CHEAP, DEAR = Price(1, 2), Price(3, 4)
START = datetime(2026, 11, 29, tzinfo=UTC)


def models(*infos: ModelInfo, provider: str = "p") -> dict[str, Model]:
    return {f"{provider}/{info.name}": model_of(provider, info, info.price) for info in infos}


def test_models_appear_vanish_change_their_price_and_are_deprecated() -> None:
    same, before = ModelInfo("same"), ModelInfo("changed", price=CHEAP)
    old = models(same, ModelInfo("gone", price=CHEAP), before, ModelInfo("dated"))
    dated = ModelInfo("dated", deprecated=True, retires="2026-12-31")
    new = models(same, ModelInfo("new", price=DEAR), replace(before, price=DEAR), dated)
    assert list(changes(old, new)) == [
        Change(ChangeKind.PRICE_CHANGED, "p/changed", CHEAP, DEAR),
        Change(ChangeKind.DEPRECATED, "p/dated", retires="2026-12-31"),
        Change(ChangeKind.VANISHED, "p/gone", before=CHEAP),
        Change(ChangeKind.APPEARED, "p/new", after=DEAR),
    ]
    assert list(changes(new, new)) == []


def test_a_price_that_becomes_known_or_unknown_has_changed_and_one_with_another_source_has_not() -> None:
    unknown, known = models(ModelInfo("m")), models(ModelInfo("m", price=CHEAP))
    moved = models(ModelInfo("m", price=replace(CHEAP, source="table")))
    assert [change.kind for change in changes(unknown, known)] == [ChangeKind.PRICE_CHANGED]
    assert [change.after for change in changes(known, unknown)] == [None]
    assert list(changes(known, moved)) == []


async def dated(*versions: Mapping[str, Model]) -> list[DatedChange]:
    """Returns the changes between versions that were stored one hour after the other, given from the first on."""

    async def latest_first() -> AsyncIterator[tuple[datetime, Mapping[str, Model]]]:
        for hour, version in reversed(list(enumerate(versions))):
            yield START + timedelta(hours=hour), version

    return [change async for change in history(latest_first())]


async def test_changes_are_dated_by_the_first_version_that_has_them_and_the_latest_comes_first() -> None:
    one, two, three = models(ModelInfo("1")), models(ModelInfo("2")), models(ModelInfo("3"))
    found = await dated(one, two, two, three)
    assert [(each.time.hour, each.change.kind, each.change.model) for each in found] == [
        (3, ChangeKind.VANISHED, "p/2"),
        (3, ChangeKind.APPEARED, "p/3"),
        (1, ChangeKind.VANISHED, "p/1"),
        (1, ChangeKind.APPEARED, "p/2"),
    ]


async def test_a_provider_that_is_missing_in_a_version_did_not_change() -> None:
    both = models(ModelInfo("m")) | models(ModelInfo("m"), provider="q")
    assert await dated(both, models(ModelInfo("m")), both) == []
    found = await dated(both, models(ModelInfo("m")), models(ModelInfo("other"), provider="q"))
    assert [(each.time.hour, each.change.model) for each in found] == [(2, "q/m"), (2, "q/other")]


async def test_the_catalogue_logs_changes_up_to_a_bound() -> None:
    many = [ModelInfo(f"new-{number}") for number in range(MAX_LOGGED + 1)]
    answers: list[Sequence[ModelInfo]] = [[ModelInfo("m", price=CHEAP)], [ModelInfo("m", price=DEAR)], many]

    async def listed() -> Sequence[ModelInfo]:
        return answers.pop(0)

    catalog = catalog_of(p=listed)
    with structlog.testing.capture_logs() as logs:
        await catalog.refresh()
        assert logs == []
        await catalog.refresh()
        [line] = logs
        assert (line["event"], line["model"], line["before"], line["after"]) == (
            "model_price_changed",
            "p/m",
            "1 2",
            "3 4",
        )
        logs.clear()
        await catalog.refresh()
    assert len(logs) == MAX_LOGGED + 1
    assert logs[-1]["event"] == "models_changed"
