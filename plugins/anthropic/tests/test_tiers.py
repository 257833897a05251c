"""Service tiers, and probabilities, which the API does not state."""

from typing import Any

import orjson
import pytest
from ymera_anthropic.decoder import MessagesDecoder
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.content import user
from ymera_service.sdk.events import UsageReported
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling, ServiceTier

HI = (user("Hi"),)


@pytest.mark.parametrize(
    ("tier", "word", "adapted"),
    [
        (ServiceTier.STANDARD, "standard_only", []),
        (ServiceTier.PRIORITY, "auto", []),
        (ServiceTier.FLEX, None, ["prompt.service_tier"]),
        (None, None, []),
    ],
)
def test_a_tier_has_the_apis_name(tier: ServiceTier | None, word: str | None, adapted: list[str]) -> None:
    request = MessagesDialect("2023-06-01").encode(GenerateRequest("claude-opus-4-6", Prompt(HI, service_tier=tier)))
    assert orjson.loads(request.body).get("service_tier") == word
    assert [one.field for one in request.adaptations] == adapted


@pytest.mark.parametrize("tier", ["standard", "priority", "batch"])
@pytest.mark.parametrize(
    ("more", "usual"),
    [
        ({}, True),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 9, "ephemeral_1h_input_tokens": 0}}, True),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 9}}, False),
        ({"speed": "standard", "inference_geo": "global"}, True),
        ({"speed": "fast"}, False),
        ({"inference_geo": "us"}, False),
    ],
)
def test_the_tier_that_served_is_reported_and_what_has_rates_of_its_own(tier: str, more: Any, usual: bool) -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "service_tier": tier, **more}
    decoder = MessagesDecoder()
    answer = {"content": [], "stop_reason": "end_turn", "usage": usage}
    items = [*decoder.feed(orjson.dumps(answer)), *decoder.close()]
    [reported] = [item for item in items if isinstance(item, UsageReported)]
    assert (reported.service_tier, reported.usual_rates) == (tier, usual)


def test_probabilities_are_dropped() -> None:
    request = MessagesDialect("2023-06-01").encode(
        GenerateRequest("claude-opus-4-6", Prompt(HI, sampling=Sampling(logprobs=2)))
    )
    assert [one.field for one in request.adaptations] == ["prompt.sampling.logprobs"]
