"""Probabilities of tokens, and service tiers."""

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.completions import Completions
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_openai.responses_decoder import ResponsesDecoder
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.content import TokenLogprob, user
from ymera_service.sdk.events import LogprobsDelta, UsageReported
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling, ServiceTier
from ymera_service.sdk.http import Decoder, Dialect, HttpRequest
from ymera_service.sdk.wire.json_reader import Json

HI = (user("Hi"),)
OPENAI, GROQ = VENDORS["openai"].quirks, VENDORS["groq"].quirks
TOKEN = {
    "token": "co",
    "logprob": -0.5,
    "bytes": [99, 111],
    "top_logprobs": [{"token": "c", "logprob": -2, "bytes": [99]}],
}
READ = TokenLogprob("co", -0.5, b"co", (TokenLogprob("c", -2.0, b"c"),))
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def encoded(dialect: Dialect, prompt: Prompt, model: str = "gpt-4.1") -> HttpRequest:
    return dialect.encode(GenerateRequest(model, prompt))


def body_of(dialect: Dialect, prompt: Prompt, model: str = "gpt-4.1") -> Json:
    body: Json = orjson.loads(encoded(dialect, prompt, model).body)
    return body


def decoded(decoder: Decoder, *chunks: Json) -> list[object]:
    body = b"".join(b"data: %b\n\n" % orjson.dumps(chunk) for chunk in chunks) + b"data: [DONE]\n\n"
    return [*decoder.feed(body if len(chunks) > 1 else orjson.dumps(chunks[0])), *decoder.close()]


def weighed(items: list[object]) -> list[TokenLogprob]:
    return [token for item in items if isinstance(item, LogprobsDelta) for token in item.tokens]


def test_probabilities_are_asked_for_with_so_many_alternatives() -> None:
    two, none = (Prompt(HI, sampling=Sampling(logprobs=number)) for number in (2, 0))
    body = body_of(ChatCompletions(OPENAI), two)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)
    assert "top_logprobs" not in body_of(ChatCompletions(OPENAI), none)
    assert body_of(Completions(), two)["logprobs"] == 2
    responses = body_of(Responses(OPENAI), two)
    assert responses["top_logprobs"] == 2
    assert responses["include"] == ["message.output_text.logprobs"]
    assert encoded(ChatCompletions(OPENAI), two).adaptations == encoded(Responses(OPENAI), none).adaptations == ()


@pytest.mark.parametrize("dialect", [ChatCompletions(OPENAI), Responses(OPENAI)])
def test_models_that_state_none_are_not_asked(dialect: Dialect) -> None:
    prompt = Prompt(HI, sampling=Sampling(logprobs=2))
    assert "top_logprobs" not in body_of(dialect, prompt, "o3")
    assert [one.field for one in encoded(dialect, prompt, "o3").adaptations] == ["prompt.sampling.logprobs"]


def test_probabilities_of_chat_completions_are_read_whole_and_streamed() -> None:
    delta = {"delta": {"content": "co"}, "logprobs": {"content": [TOKEN], "refusal": None}}
    end: Json = {"choices": [{"delta": {}, "logprobs": None, "finish_reason": "stop"}]}
    streamed = decoded(ChatDecoder(), {"id": "1", "model": "m", "choices": [delta]}, end)
    whole = decoded(
        ChatDecoder(),
        {"choices": [{"message": {"content": "co"}, "logprobs": {"content": [TOKEN]}, "finish_reason": "stop"}]},
    )
    assert weighed(streamed) == weighed(whole) == [READ]


def test_probabilities_of_legacy_completions_are_parallel_lists() -> None:
    lists = {"tokens": ["co", "ld"], "token_logprobs": [-0.5, None], "top_logprobs": [{"c": -2}]}
    items = decoded(ChatDecoder(), {"choices": [{"text": "cold", "logprobs": lists, "finish_reason": "stop"}]})
    assert weighed(items) == [
        TokenLogprob("co", -0.5, alternatives=(TokenLogprob("c", -2.0),)),
        TokenLogprob("ld", 0.0),
    ]


def test_probabilities_of_responses_are_read_once() -> None:
    part = {"type": "output_text", "text": "co", "logprobs": [TOKEN]}
    message = {"type": "message", "content": [part]}
    response = {"id": "r", "model": "m", "status": "completed", "output": [message]}
    streamed = decoded(
        ResponsesDecoder(),
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "co", "logprobs": [TOKEN]},
        {"type": "response.output_text.done", "output_index": 0, "text": "co", "logprobs": [TOKEN]},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.completed", "response": response},
    )
    assert weighed(streamed) == weighed(decoded(ResponsesDecoder(), response)) == [READ]


@pytest.mark.parametrize("bad", [[300], [True], "c", None])
def test_bytes_that_are_none_are_left_out(bad: object) -> None:
    choice = {
        "message": {"content": "c"},
        "logprobs": {"content": [{"token": "c", "bytes": bad}]},
        "finish_reason": "stop",
    }
    assert weighed(decoded(ChatDecoder(), {"choices": [choice]})) == [TokenLogprob("c", 0.0)]


@pytest.mark.parametrize(
    ("quirks", "tier", "word", "adapted"),
    [
        (OPENAI, ServiceTier.STANDARD, "default", []),
        (OPENAI, ServiceTier.FLEX, "flex", []),
        (GROQ, ServiceTier.PRIORITY, "performance", []),
        (GROQ, ServiceTier.STANDARD, "on_demand", []),
        (Quirks(), ServiceTier.STANDARD, None, []),
        (Quirks(), ServiceTier.FLEX, None, ["prompt.service_tier"]),
    ],
)
@pytest.mark.parametrize("kind", [ChatCompletions, Responses])
def test_a_tier_has_the_vendors_name(
    kind: type[ChatCompletions | Responses], quirks: Quirks, tier: ServiceTier, word: str | None, adapted: list[str]
) -> None:
    prompt = Prompt(HI, service_tier=tier)
    assert body_of(kind(quirks), prompt).get("service_tier") == word
    assert [one.field for one in encoded(kind(quirks), prompt).adaptations] == adapted


@pytest.mark.parametrize("tier", ["default", "flex", "priority", None])
def test_the_tier_that_served_is_reported_as_its_price_is_looked_up_by_it(tier: str | None) -> None:
    choice = {"message": {"content": "co"}, "finish_reason": "stop"}
    chat = decoded(ChatDecoder(), {"choices": [choice], "usage": USAGE, "service_tier": tier})
    response = {"status": "completed", "output": [], "usage": {"input_tokens": 1, "output_tokens": 2}}
    whole = decoded(ResponsesDecoder(), response | {"service_tier": tier})
    for items in (chat, whole):
        [reported] = [item for item in items if isinstance(item, UsageReported)]
        assert (reported.service_tier, reported.usual_rates) == (tier or "", True)
