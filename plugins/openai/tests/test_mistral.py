"""What Mistral has beside OpenAI's form: agents, and completions that fill in the middle."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.offers import providers
from ymera_openai.settings import OpenAiSettings
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

QUIRKS = VENDORS["mistral"].quirks
AGENT = "ag_019f83af242e7224bfbc6f6b719d0dab"
RECORDED = Path(__file__).parents[4] / "shared" / "wire" / "mistral"


def body_of(request: HttpRequest) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(request.body)
    return found


def adapted(request: HttpRequest) -> list[str]:
    return [f"{one.kind} {one.field.removeprefix('prompt.sampling.')}" for one in request.adaptations]


@pytest.mark.parametrize("agent", [AGENT, "ag:8e2706f0:20240827:agent:1a2b3c"])
def test_an_agent_is_called_by_its_id(agent: str) -> None:
    prompt = Prompt((user("hi"),), sampling=Sampling(temperature=0.5, top_p=0.9, max_output_tokens=16, seed=3))
    request = ChatCompletions(QUIRKS).encode(GenerateRequest(agent, prompt, stream=False))
    assert request.url == "/agents/completions"
    assert body_of(request) == {
        "agent_id": agent,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 16,
        "random_seed": 3,
    }
    assert adapted(request) == ["dropped temperature", "dropped top_p"]


def test_a_model_of_another_vendor_is_not_an_agent() -> None:
    request = ChatCompletions(VENDORS["groq"].quirks).encode(GenerateRequest(AGENT, Prompt((user("hi"),))))
    assert (request.url, body_of(request)["model"]) == ("/chat/completions", AGENT)


@pytest.mark.skipif(not RECORDED.exists(), reason=f"no recordings in {RECORDED}")
def test_a_recorded_call_of_an_agent_is_asked_the_same() -> None:
    recorded = [json.loads(path.read_bytes()) for path in RECORDED.glob("*.json")]
    [exchange] = [each for each in recorded if each["endpoint"] == "agents.completions"]
    asked = exchange["request"]["json"]
    [message] = asked["messages"]
    prompt = Prompt((user(message["content"]),), sampling=Sampling(max_output_tokens=asked["max_tokens"]))
    request = ChatCompletions(QUIRKS).encode(GenerateRequest(asked["agent_id"], prompt))
    assert "/v1" + request.url == exchange["request"]["path"]
    assert body_of(request) == {name: value for name, value in asked.items() if name != "response_format"}


def test_the_middle_is_filled_in_between_a_prompt_and_a_suffix() -> None:
    sampling = Sampling(temperature=0.0, seed=3, presence_penalty=0.5, logprobs=1)
    request = Completions(QUIRKS).encode(
        GenerateRequest("codestral-latest", Prompt((user("def f("),), sampling=sampling))
    )
    assert request.url == "/fim/completions"
    assert body_of(request) == {
        "model": "codestral-latest",
        "prompt": "def f(",
        "temperature": 0.0,
        "random_seed": 3,
        "stream": True,
    }
    assert adapted(request) == ["dropped presence_penalty", "dropped logprobs"]


async def test_an_endpoint_like_mistral_fills_in() -> None:
    answer = {"choices": [{"message": {"content": "x): return x"}, "finish_reason": "stop"}]}
    transport = RecordedTransport(Exchange(orjson.dumps(answer), path="/v1/fim/completions"))
    table = {
        "base_url": "https://api.mistral.ai/v1",
        "like": "mistral",
        "dialect": "completions",
        "models": ["codestral"],
    }
    settings = OpenAiSettings.model_validate({"discover_local": False, "endpoints": {"codestral": table}})
    [provider] = providers(settings, {}, transport)
    request = GenerateRequest("codestral", Prompt((user("def f("),)), options={"suffix": "\n\nf(1)"})
    assert Answer.of(await events_of(provider, request)).text == "x): return x"
    assert body_of(transport.requests[0])["suffix"] == "\n\nf(1)"
