import pytest
from ymera_published.facts import PublishedFacts
from ymera_published.prior import PublishedScores

from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.testing.contracts.facts import FactsContract
from ymera_service.sdk.testing.contracts.priors import PriorContract

SOURCE = PublishedFacts()


class TestPublished(PriorContract):
    @pytest.fixture
    def prior(self) -> QualityPrior:
        return PublishedScores()


class TestFacts(FactsContract):
    @pytest.fixture
    def source(self) -> FactSource:
        return SOURCE
