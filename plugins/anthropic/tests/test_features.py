"""The Messages API's features are those that are declared."""

import pytest
from ymera_anthropic.dialect import MessagesDialect
from ymera_anthropic.features import FEATURES

from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract

MODELS = ("claude-sonnet-5", "claude-opus-4-7", "claude-opus-4-6", "claude-haiku-4-5", "claude-3-haiku-20240307")


class TestFeatures(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        return Declaration("anthropic", MessagesDialect("2023-06-01"), FEATURES, MODELS)
