"""Probabilities of tokens, and service tiers."""

import orjson
import pytest
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.dialect import GeminiDialect
from ymera_gemini.vertex import VertexDialect

from ymera_service.sdk.content import TokenLogprob, user
from ymera_service.sdk.events import LogprobsDelta, UsageReported
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling, ServiceTier
from ymera_service.sdk.http import HttpRequest

HI = (user("Hi"),)
USAGE = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}


def encoded(prompt: Prompt, dialect: GeminiDialect | None = None) -> HttpRequest:
    return (dialect or GeminiDialect()).encode(GenerateRequest("gemini-2.5-flash", prompt))


@pytest.mark.parametrize(
    ("number", "config"), [(0, {"responseLogprobs": True}), (2, {"responseLogprobs": True, "logprobs": 2})]
)
def test_probabilities_are_asked_for_with_so_many_alternatives(number: int, config: dict[str, object]) -> None:
    request = encoded(Prompt(HI, sampling=Sampling(logprobs=number)))
    assert orjson.loads(request.body)["generationConfig"] == config
    assert request.adaptations == ()


def decoded(**more: object) -> list[object]:
    candidate = {"content": {"role": "model", "parts": [{"text": "co"}]}, "finishReason": "STOP"}
    body = {"candidates": [candidate | more], "usageMetadata": USAGE | {"serviceTier": more.get("tier", "standard")}}
    decoder = GenerateContentDecoder()
    return [*decoder.feed(orjson.dumps(body)), *decoder.close()]


def test_probabilities_are_read_with_their_alternatives() -> None:
    result = {
        "chosenCandidates": [{"token": "co", "tokenId": 7, "logProbability": -0.5}, {"token": "ld"}],
        "topCandidates": [{"candidates": [{"token": "c", "logProbability": -2}]}],
    }
    [found] = [item for item in decoded(logprobsResult=result) if isinstance(item, LogprobsDelta)]
    assert found.tokens == (
        TokenLogprob("co", -0.5, alternatives=(TokenLogprob("c", -2.0),)),
        TokenLogprob("ld", 0.0),
    )


@pytest.mark.parametrize("tier", list(ServiceTier))
def test_a_tier_goes_into_the_body_of_the_developer_api_alone(tier: ServiceTier) -> None:
    prompt = Prompt(HI, service_tier=tier)
    assert orjson.loads(encoded(prompt).body)["serviceTier"] == tier.value
    vertex = encoded(prompt, VertexDialect())
    assert b"serviceTier" not in vertex.body
    warned = [] if tier is ServiceTier.STANDARD else ["prompt.service_tier"]
    assert [one.field for one in vertex.adaptations] == warned


@pytest.mark.parametrize("tier", ["standard", "flex"])
def test_the_tier_that_served_is_reported_as_its_price_is_looked_up_by_it(tier: str) -> None:
    [reported] = [item for item in decoded(tier=tier) if isinstance(item, UsageReported)]
    assert (reported.service_tier, reported.usual_rates) == (tier, True)
