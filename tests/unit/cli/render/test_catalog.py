"""Models, their facts and their changes."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ymera.v1 import catalog_pb2, routing_pb2

from tests.unit.cli.render.shown import lines
from ymera_service.cli.render import catalog


def test_models_show_known_and_unknown_properties() -> None:
    known = catalog_pb2.Model(
        id="acme/large",
        capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_STRUCTURED_OUTPUT],
        context_window=128_000,
        price=catalog_pb2.Price(
            input_micros_per_million=150_000, output_micros_per_million=10_000_000, cache_read_micros_per_million=15_000
        ),
        measured=[
            catalog_pb2.MeasuredQuality(category="coding", score=0.912, tasks=24),
            catalog_pb2.MeasuredQuality(category="math", score=0.5, tasks=4),
        ],
        available=True,
    )
    unknown = catalog_pb2.Model(id="acme/small", simulated=True, available=True)
    free = catalog_pb2.Model(id="acme/free", price=catalog_pb2.Price(), local=True, available=True)
    assert lines(catalog.models([known, unknown, free])) == [
        "model       context     $ in    $ out  $ cache  can          measured                notes",
        "acme/large  128,000     0.15       10  0.015/–  tools, json  0.71, best coding 0.91",
        "acme/small        ?  unknown  unknown                        not yet                 simulated",
        "acme/free         ?        0        0                        not yet                 local",
    ]
    [_, failing] = lines(catalog.models([catalog_pb2.Model(id="acme/small")]))
    assert failing.endswith("failing, paused")
    assert lines(catalog.models([])) == ["No provider offers a model."]


def test_models_show_their_other_rates() -> None:
    long = catalog_pb2.PriceTier(
        above_input_tokens=200_000, input_micros_per_million=300_000, output_micros_per_million=15_000_000
    )
    price = catalog_pb2.Price(cache_write_micros_per_million=3_750_000, micros_per_request=5_000, tiers=[long])
    [_, row] = lines(catalog.models([catalog_pb2.Model(id="acme/dear", price=price, available=True)]))
    assert " –/3.75 " in row
    assert row.endswith("$0.005 per request, above 200,000 input tokens $0.3 in and $15 out")


ONE = catalog_pb2.Model(
    id="acme/large",
    kind=catalog_pb2.MODEL_KIND_GENERATE,
    available=True,
    free=True,
    requests_per_minute=20,
    requests_per_day=1_000,
    deprecated=True,
    retires="2026-12-31",
    unknown_capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_LOGPROBS],
    price=catalog_pb2.Price(),
    facts=[
        catalog_pb2.Fact(
            name="context_window",
            value="128000",
            source="provider",
            disputed=True,
            statements=[
                catalog_pb2.Statement(source="provider", value="128000", stated_at=Timestamp(seconds=1_795_910_400)),
                catalog_pb2.Statement(source="models.dev", value="200000", stated_at=Timestamp(seconds=1_782_950_400)),
                catalog_pb2.Statement(source="genai-prices", value="128000"),
            ],
        ),
        catalog_pb2.Fact(
            name="tools",
            disputed=True,
            statements=[
                catalog_pb2.Statement(source="models.dev", value="yes"),
                catalog_pb2.Statement(source="the model's name", value="no"),
            ],
        ),
        catalog_pb2.Fact(
            name="price.cache_read.above_200000",
            value="1500000",
            source="configuration",
            statements=[catalog_pb2.Statement(source="configuration", value="1500000")],
        ),
    ],
)


def test_each_fact_of_a_model_is_shown_with_its_source_and_what_others_state() -> None:
    assert lines(catalog.model(ONE)) == [
        "acme/large",
        "generate · free · takes 20/min and 1,000/day · deprecated, until 2026-12-31",
        "fact                        value        from              as of",
        "context window              128,000      provider          2026-11-29",
        "                            but 200,000  models.dev        2026-07-02",
        "tools                       not known",
        "                            but yes      models.dev",
        "                            but no       the model's name",
        "$ cache read above 200,000  1.5          configuration",
        "not known: logprobs",
        "measured: not yet",
    ]


@pytest.mark.parametrize("width", [80, 60, 40])
def test_the_facts_of_a_model_fit_a_narrow_terminal(width: int) -> None:
    shown = lines(catalog.model(ONE), width)
    assert all(len(line) <= width for line in shown)
    assert "128,000" in "\n".join(shown)
    assert "models.dev" in "\n".join(shown)


def test_changes_of_models_are_shown_with_their_prices() -> None:
    cheap = catalog_pb2.Price(input_micros_per_million=1_000_000, output_micros_per_million=2_500_000)
    kinds = catalog_pb2.ModelChangeKind
    changes = [
        catalog_pb2.ModelChange(
            kind=kinds.MODEL_CHANGE_KIND_PRICE_CHANGED,
            model="acme/large",
            noticed_at=Timestamp(seconds=1_795_910_400),
            price=cheap,
        ),
        catalog_pb2.ModelChange(
            kind=kinds.MODEL_CHANGE_KIND_DEPRECATED,
            model="acme/old",
            noticed_at=Timestamp(seconds=1_795_910_400),
            retires="2026-12-31",
        ),
    ]
    assert lines(catalog.changes(changes)) == [
        "noticed (UTC)     model       change",
        "2026-11-29 00:00  acme/large  price changed: unknown → $1 in, $2.5 out",
        "2026-11-29 00:00  acme/old    deprecated: until 2026-12-31",
    ]
    assert lines(catalog.changes([])) == ["Nothing changed in the lists of providers, as far as they are stored."]
