"""Converse's features are those that are declared."""

import pytest
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.features import FEATURES

from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract

MODELS = (
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-7",
    "amazon.nova-2-lite-v1:0",
    "amazon.nova-lite-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "openai.gpt-oss-120b-1:0",
)


class TestFeatures(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        return Declaration("bedrock", ConverseDialect(), FEATURES, MODELS)
