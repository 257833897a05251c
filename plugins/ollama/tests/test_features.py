"""The features of Ollama's API are those that are declared."""

import pytest
from ymera_ollama.dialect import OllamaDialect
from ymera_ollama.features import FEATURES
from ymera_ollama.profiles import Profile

from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract

PROFILES = {
    "quiet": Profile(thinking=()),
    "thinking": Profile(thinking=(False, True)),
    "in-levels": Profile(thinking=("low", "medium", "high")),
}


class TestFeatures(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        dialect = OllamaDialect()
        dialect.profiles.learn(PROFILES)
        return Declaration("ollama", dialect, FEATURES, (*PROFILES, "a-new-model"))
