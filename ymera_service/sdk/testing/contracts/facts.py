"""The contract of sources of facts."""

from datetime import date

import pytest

from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.testing.checks.facts import check_facts, check_quick
from ymera_service.sdk.testing.checks.names import check_name

MODELS = {
    "known": ModelInfo("gpt-5-mini", price_vendor="openai"),
    "local": ModelInfo("llama-3.1-8b", local=True, price=Price(0, 0, source="local")),
    "simulated": ModelInfo("sim", simulated=True),
    "no name": ModelInfo(""),
    "odd name": ModelInfo("\0🙂 /\u202e0b-00.00@:/"),
    "long name": ModelInfo("model-7b-" * 2_000),
}


class FactsContract:
    """Define a fixture `source`. `seconds` is the longest time for a model, after the first."""

    seconds = 0.003

    @pytest.fixture
    def source(self) -> FactSource:
        """The source to test."""
        raise NotImplementedError("define a fixture `source`")

    def test_its_name_origin_and_date_are_stated(self, source: FactSource) -> None:
        check_name(source.name)
        assert source.origin.strip()
        assert isinstance(source.taken, date)

    @pytest.mark.parametrize("kind", MODELS)
    def test_it_states_facts_or_nothing_of_any_model(self, source: FactSource, kind: str) -> None:
        check_facts(source.facts("acme", MODELS[kind]), MODELS[kind])

    @pytest.mark.parametrize("kind", MODELS)
    def test_the_same_is_stated_again(self, source: FactSource, kind: str) -> None:
        assert source.facts("acme", MODELS[kind]) == source.facts("acme", MODELS[kind])

    def test_nothing_is_stated_of_simulated_models(self, source: FactSource) -> None:
        assert source.facts("acme", MODELS["simulated"]) is None

    @pytest.mark.parametrize("kind", MODELS)
    def test_it_is_fast(self, source: FactSource, kind: str) -> None:
        check_quick(source, MODELS[kind], self.seconds)
