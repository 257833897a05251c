import pytest
from ymera_published.prior import PublishedScores

from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.testing.contracts.priors import PriorContract


class TestPublished(PriorContract):
    @pytest.fixture
    def prior(self) -> QualityPrior:
        return PublishedScores()
