"""The features of the Gemini API and of Vertex AI are those that are declared."""

import pytest
from ymera_gemini.dialect import GeminiDialect
from ymera_gemini.features import FORMATS
from ymera_gemini.vertex import VertexDialect

from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract

DIALECTS = {"gemini": GeminiDialect, "vertexai": VertexDialect}
MODELS = ("gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.0-flash")


class TestFeatures(FeaturesContract):
    @pytest.fixture(params=DIALECTS)
    def declaration(self, request: pytest.FixtureRequest) -> Declaration:
        name = request.param
        return Declaration(name, DIALECTS[name](), FORMATS[name], MODELS)
