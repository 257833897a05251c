"""The features of Cohere's chat API are those that are declared."""

import pytest
from ymera_cohere.dialect import CohereDialect
from ymera_cohere.features import FEATURES

from ymera_service.sdk.models import Capability, ModelInfo
from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract


class TestFeatures(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        dialect = CohereDialect()
        dialect.learn([ModelInfo("command-a"), ModelInfo("command-a-reasoning", frozenset({Capability.REASONING}))])
        return Declaration("cohere", dialect, FEATURES, ("command-a", "command-a-reasoning", "a-new-model"))
