"""What the catalogue makes of what providers, tables, price lists and the configuration state."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.unit.catalog.test_catalog import InProcessProvider, offering
from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.facts import Fact
from ymera_service.catalog.prices import Listing
from ymera_service.catalog.sources import Listed, Sources
from ymera_service.catalog.versions import model_of as made_of
from ymera_service.config import CatalogSettings, PriceSettings
from ymera_service.config.routing import LimitSettings
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import Capability, Model, ModelInfo, Price, RequestLimits

ALL = frozenset(Capability)
OPEN = ModelInfo("m", unknown=ALL)
STATED = ModelInfo(
    "m",
    frozenset({Capability.TOOLS}),
    100,
    10,
    Price(3, 4, source="table"),
    unknown=ALL - {Capability.TOOLS, Capability.REASONING},
    deprecated=True,
    efforts=("low", "high"),
)


class Table(FactSource):
    def __init__(
        self,
        found: Callable[[ModelInfo], ModelInfo | None] = lambda model: replace(STATED, name=model.name),
        taken: date = date(2026, 7, 2),
        name: str = "table",
    ) -> None:
        self.name = self.origin = name
        self.taken = taken
        self._found = found

    def facts(self, provider: str, model: ModelInfo) -> ModelInfo | None:
        return self._found(model)


async def model_of(info: ModelInfo, *tables: FactSource, settings: CatalogSettings | None = None) -> Model:
    catalog = catalog_with(info, *tables, settings=settings)
    await catalog.refresh()
    assert catalog.snapshot.provider_errors == {}
    return catalog.snapshot.models[f"p/{info.name}"]


def catalog_with(info: ModelInfo, *tables: FactSource, settings: CatalogSettings | None = None) -> Catalog:
    providers = {"p": InProcessProvider("p", offering(info))}
    return Catalog(providers, settings or CatalogSettings(), tables=lambda: tables)


async def test_a_table_states_what_the_provider_does_not() -> None:
    model = await model_of(OPEN, Table())
    info = model.info
    assert (info.context_window, info.max_output_tokens, model.price) == (100, 10, STATED.price)
    assert (info.deprecated, info.efforts) == (True, ("low", "high"))
    assert info.capabilities == {Capability.TOOLS}
    assert Capability.REASONING in info.unknown  # a table alone denies it
    assert info.price is None  # which stays what the provider stated


async def test_what_the_provider_states_goes_before_a_table() -> None:
    own = ModelInfo("m", context_window=7, price=Price(1, 2), deprecated=False, efforts=())
    model = await model_of(own, Table())
    assert (model.info.context_window, model.info.max_output_tokens, model.price) == (7, 10, Price(1, 2))
    assert (model.info.deprecated, model.info.efforts) == (False, ())
    assert model.info.capabilities == frozenset()


async def test_a_table_goes_before_what_the_provider_assumes() -> None:
    own = replace(
        OPEN, context_window=7, unknown=ALL - {Capability.TOOLS}, assumed=frozenset({"context_window", "tools"})
    )
    model = await model_of(own, Table())
    assert model.info.context_window == 100
    assert Capability.TOOLS in model.info.unknown  # they disagree
    assert model.info.assumed == frozenset()


async def test_the_configuration_goes_before_all() -> None:
    settings = CatalogSettings(
        prices={"p/m": PriceSettings(input=1, output=2)},
        capabilities={"p/*": {Capability.TOOLS: False}},
        limits={"p/*": LimitSettings(context_window=5, requests_per_minute=20), "p/m": LimitSettings(context_window=6)},
    )
    model = await model_of(replace(OPEN, limits=RequestLimits(1, 50)), Table(), settings=settings)
    assert (model.info.context_window, model.info.max_output_tokens) == (6, 10)
    assert model.info.limits == RequestLimits(20, 50)
    assert model.price == Price(1_000_000, 2_000_000, source="configuration")
    assert Capability.TOOLS not in model.info.capabilities | model.info.unknown


async def test_of_several_tables_the_latest_counts() -> None:
    later = Table(lambda model: ModelInfo(model.name, context_window=9), date(2026, 8, 1), "later")
    assert (await model_of(OPEN, Table(), later)).info.context_window == 9
    assert (await model_of(OPEN, later, Table())).info.context_window == 9


def raising(model: ModelInfo) -> ModelInfo:
    raise RuntimeError("a defect")


@pytest.mark.parametrize(
    "found",
    [
        raising,
        lambda model: "not a model",
        lambda model: replace(STATED, context_window=-1),
        lambda model: replace(STATED, price="cheap"),  # type: ignore[arg-type]  # a defect
        lambda model: replace(STATED, efforts="high" * 1000),  # type: ignore[arg-type]  # a defect
        lambda model: replace(STATED, deprecated="yes"),  # type: ignore[arg-type]  # a defect
        lambda model: replace(STATED, name=""),
    ],
)
async def test_a_table_that_fails_or_states_nonsense_is_left_out(found: Callable[[ModelInfo], ModelInfo]) -> None:
    model = await model_of(ModelInfo("m", context_window=3), Table(found))
    assert (model.info.context_window, model.info.max_output_tokens, model.price) == (3, 0, None)


async def facts(catalog: Catalog) -> dict[str, Fact]:
    models = list(catalog.snapshot.models.values())
    [found] = await catalog.facts(models)
    return {fact.name: fact for fact in found}


async def test_facts_keep_their_source_and_date_and_contradictions_are_shown() -> None:
    catalog = catalog_with(replace(OPEN, context_window=7), Table())
    before = datetime.now(UTC)
    await catalog.refresh()
    found = await facts(catalog)
    window = found["context_window"]
    assert (window.value, window.source, window.is_disputed) == (7, "provider", True)
    [(own, seven), (other, hundred)] = window.statements
    assert (seven, own.stated_at is not None and own.stated_at >= before) == (7, True)
    assert (hundred, other.source, other.stated_at) == (100, "table", datetime(2026, 7, 2, tzinfo=UTC))
    assert (found["reasoning"].value, found["reasoning"].source) == (None, "")
    assert found["price.output"].value == 4


async def test_facts_of_a_model_whose_provider_is_gone_are_those_that_it_had() -> None:
    catalog = catalog_with(OPEN)
    [found] = await catalog.facts([made_of("gone", ModelInfo("m", context_window=7), None)])
    assert [(fact.name, fact.value) for fact in found if fact.name == "context_window"] == [("context_window", 7)]


async def test_a_price_list_counts_after_tables_unless_its_price_applies_from_a_later_day() -> None:
    sources = Sources(CatalogSettings(), lambda: [Table()])

    async def price(since: str) -> Price | None:
        listings = {"m": Listing(Price(8, 9, source="genai-prices"), 50, since)}
        [model] = await sources.models("p", Listed((OPEN,), datetime.now(UTC), listings))
        assert model.info.context_window == 100
        return model.price

    assert await price("") == STATED.price
    assert await price("2026-07-02") == STATED.price
    assert await price("2026-07-03") == Price(8, 9, source="genai-prices")


async def test_a_list_that_did_not_change_is_not_looked_up_again() -> None:
    asked: list[str] = []

    def found(model: ModelInfo) -> ModelInfo | None:
        asked.append(model.name)
        return None

    answers: list[Sequence[ModelInfo]] = [[ModelInfo("a")], [ModelInfo("a")], [ModelInfo("a", context_window=1)]]

    async def models() -> Sequence[ModelInfo]:
        return answers.pop(0)

    catalog = Catalog({"p": InProcessProvider("p", models)}, CatalogSettings(), tables=lambda: [Table(found)])
    seen = []
    for _ in range(3):
        await catalog.refresh()
        seen.append(len(asked))
    assert seen == [1, 1, 2]
    assert catalog.snapshot.models["p/a"].info.context_window == 1


async def test_price_lists_are_asked_again_when_the_list_or_the_hour_is_another() -> None:
    sources = Sources(CatalogSettings())
    info = ModelInfo("gpt-4o", price_vendor="openai")
    noon = datetime(2026, 11, 29, 12, 5, tzinfo=UTC)
    before = Listed((info,), noon, {"gpt-4o": Listing(Price(1, 2), 3)})
    later = noon.replace(minute=55)
    assert await sources.listed((info,), later, before) == replace(before, at=later)
    for infos, at in (((info,), noon.replace(hour=13)), ((replace(info, context_window=9),), later)):
        asked = await sources.listed(infos, at, before)
        assert asked.at == at
        assert asked.listings != before.listings
        assert asked.listings["gpt-4o"].price is not None
