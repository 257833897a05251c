"""The contract of priors."""

import pytest

from ymera_service.sdk.models import Model, ModelInfo, Price
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.testing.checks.names import check_name
from ymera_service.sdk.testing.checks.priors import check_expectation, check_quick

MODELS = {
    "known": Model("acme/gpt-5-mini", "acme", ModelInfo("gpt-5-mini"), Price(250_000, 2_000_000)),
    "no price": Model("acme/llama-3.1-8b", "acme", ModelInfo("llama-3.1-8b"), None),
    "free": Model("acme/unheard-of", "acme", ModelInfo("unheard-of"), Price(0, 0)),
    "odd name": Model("acme/\0🙂 /\u202e0b-00.00", "acme", ModelInfo("\0🙂 /\u202e0b-00.00"), Price(10**15, 10**15)),
    "long name": Model("acme/m", "acme", ModelInfo("model-7b-" * 2_000), None),
}


class PriorContract:
    """Define a fixture `prior`. `seconds` is the longest time for a model."""

    seconds = 0.002

    @pytest.fixture
    def prior(self) -> QualityPrior:
        """The prior to test."""
        raise NotImplementedError("define a fixture `prior`")

    def test_its_name_is_valid(self, prior: QualityPrior) -> None:
        check_name(prior.name)

    @pytest.mark.parametrize("kind", MODELS)
    def test_it_expects_shares_or_nothing_of_any_model(self, prior: QualityPrior, kind: str) -> None:
        check_expectation(prior.expect(MODELS[kind]))

    @pytest.mark.parametrize("kind", MODELS)
    def test_the_same_is_expected_again(self, prior: QualityPrior, kind: str) -> None:
        assert prior.expect(MODELS[kind]) == prior.expect(MODELS[kind])

    @pytest.mark.parametrize("kind", MODELS)
    def test_it_is_fast(self, prior: QualityPrior, kind: str) -> None:
        check_quick(prior, MODELS[kind], self.seconds)
