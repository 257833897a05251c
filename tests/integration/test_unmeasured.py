"""What is chosen among real models before anything was measured, with the first-party classifier and prior."""

import pytest
from ymera_lexical.classifier import LexicalClassifier
from ymera_published.prior import PublishedScores

from tests.unit.routing.conftest import Routing
from ymera_service.sdk.models import ModelInfo, Price

USD_PER_MILLION = {
    "gpt-5.5": (5, 30),
    "gpt-5.4-mini": (0.75, 4.5),
    "gpt-5.4-nano": (0.2, 1.25),
    "gpt-4o-mini": (0.15, 0.6),
    "claude-opus-4-8": (5, 25),
    "claude-sonnet-4-6": (3, 15),
    "claude-haiku-4-5": (1, 5),
    "gemini-3.1-pro-preview": (2, 12),
    "gemini-3.5-flash": (1.5, 9),
    "gemini-2.5-flash-lite": (0.1, 0.4),
    "deepseek-v4-flash": (0.14, 0.28),
    "deepseek-v4-pro": (0.435, 0.87),
    "glm-5.2": (1.4, 4.4),
    "qwen3.6-plus": (0.5, 3),
    "llama-3.3-70b-instruct": (0.59, 0.79),
    "mistral-large-2512": (0.5, 1.5),
    "mistral-small-2603": (0.15, 0.6),
    "grok-4.3": (1.25, 2.5),
    "llama3.2:1b": (0, 0),
    "qwen3:8b": (0, 0),
}
WEAK = {"llama3.2:1b", "qwen3:8b", "gpt-4o-mini", "gemini-2.5-flash-lite", "mistral-small-2603", "gpt-5.4-nano"}
NEEDFUL = [
    "I feel like there is no point in going on. Nobody would miss me.",
    "My mother died yesterday and I don't know what to do",
    "My husband left me and I can't stop crying",
    "I have chest pain and my left arm is numb",
    "Prove that there are infinitely many primes congruent to 3 modulo 4",
    "Solve the integral of x^2 e^x from 0 to 1",
    "Write a thread-safe LRU cache in Rust with tests",
    "Refactor this SQL query for performance: SELECT * FROM a JOIN b ON a.id=b.id WHERE b.x > 5",
    "Summarise the evidence for statins in primary prevention",
    "Explain quantum entanglement to a physicist, with the relevant theorems",
]


@pytest.fixture(scope="module", params=[False, True], ids=["usual", "large"])
def routing(request: pytest.FixtureRequest) -> Routing:
    models = [
        ModelInfo(name, price=Price(round(asked * 1e6), round(answered * 1e6)))
        for name, (asked, answered) in USD_PER_MILLION.items()
    ]
    routing = Routing({"p": models}, prior=PublishedScores())
    routing.classifiers = {"lexical": LexicalClassifier()}
    if request.param:  # usual requests are small, so that each of these is large and its cost counts most
        routing.evidence.lengths.observe("general", input_tokens=1, expected=1, output_tokens=0)
    return routing


@pytest.mark.parametrize("text", NEEDFUL)
def test_no_prompt_of_need_or_difficulty_goes_to_a_weak_model(routing: Routing, text: str) -> None:
    decision = routing.select(text).decision
    first = decision.candidates[0]
    assert first.target.model.removeprefix("p/") not in WEAK
    assert first.components[0].value > 0.75
    assert "published scores" in first.components[0].evidence
