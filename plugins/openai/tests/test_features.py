"""The features of each vendor's dialect are those that are declared."""

import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.features import COMPLETIONS, of_chat, of_responses
from ymera_openai.responses import Responses
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.testing.contracts import Declaration, FeaturesContract

FAMILIES = ("gpt-4.1", "gpt-5", "gpt-5.1", "o3")
OPENAI = VENDORS["openai"].quirks


class TestChatCompletions(FeaturesContract):
    @pytest.fixture(params=VENDORS)
    def declaration(self, request: pytest.FixtureRequest) -> Declaration:
        quirks = VENDORS[request.param].quirks
        models = FAMILIES if quirks.openai_families else ("a-new-model",)
        return Declaration(request.param, ChatCompletions(quirks), of_chat(quirks), models)


class TestResponses(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        return Declaration("openai", Responses(OPENAI), of_responses(OPENAI), FAMILIES)


class TestCompletions(FeaturesContract):
    @pytest.fixture
    def declaration(self) -> Declaration:
        return Declaration("openai", Completions(), COMPLETIONS, ("gpt-3.5-turbo-instruct",))
