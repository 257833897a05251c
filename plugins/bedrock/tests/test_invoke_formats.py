"""The formats of InvokeModel: what they send and read, of which there are no recordings, too."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from ymera_bedrock.api import Api
from ymera_bedrock.authorization import by_headers
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.profiles import family_profile
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.settings import ModelSettings

from ymera_service.sdk.content import (
    CacheHint,
    Media,
    MediaKind,
    Message,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Finished, ProviderEvent, ReasoningDelta, ResponseStarted
from ymera_service.sdk.generation import (
    FinishReason,
    GenerateRequest,
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import HttpRequest, Transport
from ymera_service.sdk.keys import bearer
from ymera_service.sdk.models import Capability
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.contracts import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

from .frames import event, exception

CLAUDE, NOVA = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-2-lite-v1:0"
IMPORTED = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc123abc123"
HELLO = (user("Hello"),)
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"a":{"type":"string"}}}')
PICTURE = Media(MediaKind.IMAGE, "image/png", b"picture")
CALL, RESULT = ToolCall("c1", "f", '{"a": "1"}'), ToolResult("c1", (Text("ok"),))
SCHEMA = ResponseFormat(ResponseType.JSON_SCHEMA, "answer", '{"type":"object","properties":{}}')
ENCODED = b64encode(b"picture").decode()


def dialect(model: str, api: Api) -> ConverseDialect:
    found = ConverseDialect()
    profile = family_profile(model)
    provider = BedrockProvider(
        {"us-east-1": Region.of("us-east-1", "https://bedrock.example")},
        {"": by_headers(bearer("key-of-nobody"))},
        transport=None,  # type: ignore[arg-type]  # nothing is called
        models={model: ModelSettings(api=api)},
    )
    assert profile.api is Api.CONVERSE
    found.profiles.learn(model, provider.dialect.profiles.of(model))
    return found


def encoded(prompt: Prompt, model: str, api: Api) -> HttpRequest:
    return dialect(model, api).encode(GenerateRequest(model, prompt))


def body(prompt: Prompt, model: str, api: Api) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(encoded(prompt, model, api).body)
    return found


def decode(model: str, api: Api, data: bytes) -> list[ProviderEvent | ProviderError]:
    decoder = dialect(model, api).decoder(GenerateRequest(model, Prompt(HELLO)))
    return [*decoder.feed(data), *decoder.close()]


def stream(*documents: Any) -> bytes:
    return b"".join(event("chunk", {"bytes": b64encode(orjson.dumps(each)).decode()}) for each in documents)


def answer_of(decoded: list[ProviderEvent | ProviderError]) -> Answer:
    return Answer.of(each for each in decoded if not isinstance(each, ProviderError))


def test_claude_gets_everything_that_its_format_has() -> None:
    thought = Reasoning("hm", b"signed")
    history = (
        Message(Role.SYSTEM, (Text("Be brief.", CacheHint()),)),
        Message(Role.USER, (Text("See"), PICTURE, Media(MediaKind.FILE, "application/pdf", b"pdf", filename="a.pdf"))),
        Message(Role.ASSISTANT, (thought, CALL)),
        Message(Role.TOOL, (ToolResult("c1", (Text("no"),), is_error=True),)),
    )
    strict = Tool("f", "Does it.", '{"type":"object"}', strict=True)
    choice = ToolChoice(ToolChoiceMode.TOOL, "f")
    prompt = Prompt(history, (strict,), choice, SCHEMA, Sampling(stop_sequences=("END",), top_k=3))
    sent = body(prompt, CLAUDE, Api.MESSAGES)
    assert sent.pop("system") == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    assert sent.pop("tools") == [
        {"name": "f", "description": "Does it.", "strict": True, "input_schema": {"type": "object"}}
    ]
    first, second, third = sent.pop("messages")
    assert first["content"][1] == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": ENCODED},
    }
    document = first["content"][2]
    assert (document["type"], document["title"], document["source"]["media_type"]) == (
        "document",
        "a",
        "application/pdf",
    )
    assert second["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "signed"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": "1"}},
    ]
    failed = {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "no"}], "is_error": True}
    assert third["content"] == [failed]
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    assert sent == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64_000,
        "stop_sequences": ["END"],
        "top_k": 3,
        "tool_choice": {"type": "tool", "name": "f"},
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }


def test_claude_thinks_as_much_as_is_asked_for() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_budget_tokens=2_048, max_output_tokens=4_000))
    assert body(prompt, CLAUDE, Api.MESSAGES)["thinking"] == {"type": "enabled", "budget_tokens": 2_048}


def test_nova_gets_its_own_members_beside_those_of_converse() -> None:
    sampling = Sampling(top_k=5, temperature=0.5, reasoning_effort=ReasoningEffort.LOW)
    sent = body(Prompt(HELLO, sampling=sampling), NOVA, Api.NOVA)
    assert sent["schemaVersion"] == "messages-v1"
    assert sent["inferenceConfig"] == {"temperature": 0.5, "topK": 5}
    assert sent["reasoningConfig"] == {"type": "enabled", "maxReasoningEffort": "low"}


def test_chat_completions_are_in_the_form_of_openai() -> None:
    history = (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("See"), PICTURE)),
        Message(Role.ASSISTANT, (Text("So"), CALL)),
        Message(Role.TOOL, (RESULT,)),
    )
    choice = ToolChoice(ToolChoiceMode.REQUIRED)
    sent = body(Prompt(history, (TOOL,), choice, SCHEMA, Sampling(0.5, 0.9)), IMPORTED, Api.CHAT_COMPLETIONS)
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{ENCODED}"}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": "1"}'}}
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "See"}, picture]},
        {"role": "assistant", "content": "So", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]
    parameters = orjson.loads(TOOL.parameters_schema)
    function = {"name": "f", "description": "Does it.", "parameters": parameters}
    assert sent["tools"] == [{"type": "function", "function": function}]
    assert (sent["tool_choice"], sent["temperature"], sent["top_p"]) == ("required", 0.5, 0.9)
    assert sent["response_format"]["json_schema"]["schema"] == orjson.loads(SCHEMA.schema)


def test_models_that_continue_a_text_get_a_transcript() -> None:
    turns = (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        *HELLO,
        Message(Role.ASSISTANT, (Text("Hi"),)),
        user("And?"),
    )
    assert body(Prompt(turns), IMPORTED, Api.COMPLETIONS)["prompt"] == (
        "Be brief.\n\nUser: Hello\n\nAssistant: Hi\n\nUser: And?\n\nAssistant:"
    )
    old = body(Prompt(turns, sampling=Sampling(max_output_tokens=9)), "anthropic.claude-v2:1", Api.TEXT_COMPLETIONS)
    assert old == {
        "prompt": "Be brief.\n\nHuman: Hello\n\nAssistant: Hi\n\nHuman: And?\n\nAssistant:",
        "max_tokens_to_sample": 9,
    }


@pytest.mark.parametrize(
    ("prompt", "model", "api"),
    [
        (Prompt(HELLO, (TOOL,)), IMPORTED, Api.COMPLETIONS),
        (Prompt((Message(Role.USER, (PICTURE,)),)), IMPORTED, Api.COMPLETIONS),
        (Prompt(HELLO, response_format=SCHEMA), IMPORTED, Api.COMPLETIONS),
        (
            Prompt((Message(Role.USER, (Media(MediaKind.FILE, "application/pdf", b"x"),)),)),
            IMPORTED,
            Api.CHAT_COMPLETIONS,
        ),
        (Prompt((Message(Role.TOOL, (ToolResult("c", (PICTURE,)),)),)), IMPORTED, Api.CHAT_COMPLETIONS),
        (Prompt(HELLO, provider_tools=(ProviderTool("web_search"),)), IMPORTED, Api.CHAT_COMPLETIONS),
        (Prompt(HELLO, provider_tools=(ProviderTool("web_search"),)), CLAUDE, Api.MESSAGES),
        (Prompt((Message(Role.USER, (Media(MediaKind.VIDEO, "video/mp4", b"x"),)),)), CLAUDE, Api.MESSAGES),
        (Prompt((Message(Role.USER, (Media(MediaKind.IMAGE, "image/png", uri="s3://b/k"),)),)), CLAUDE, Api.MESSAGES),
    ],
)
def test_what_a_format_can_not_say_is_refused(prompt: Prompt, model: str, api: Api) -> None:
    with pytest.raises(InvalidProviderRequest):
        encoded(prompt, model, api)


def test_the_service_tier_is_a_header() -> None:
    request = encoded(Prompt(HELLO, service_tier=ServiceTier.FLEX), NOVA, Api.NOVA)
    assert request.headers["x-amzn-bedrock-service-tier"] == "flex"
    assert b"serviceTier" not in request.body


def test_tokens_are_counted_in_the_models_own_format() -> None:
    request = dialect(CLAUDE, Api.MESSAGES).encode_count(Prompt(HELLO), CLAUDE)
    inner = orjson.loads(b64decode(orjson.loads(request.body)["input"]["invokeModel"]["body"]))
    assert inner["messages"][0]["content"] == [{"type": "text", "text": "Hello"}]


def test_the_thinking_of_claude_is_read_with_its_signature() -> None:
    documents = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "signed"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "redacted_thinking", "data": "x"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"}},
        {"type": "message_stop"},
    ]
    decoded = decode(CLAUDE, Api.MESSAGES, stream(*documents))
    thoughts = [each for each in decoded if isinstance(each, ReasoningDelta)]
    assert thoughts == [ReasoningDelta("hm"), ReasoningDelta("", b"signed"), ReasoningDelta("", b"bedrock\xffx")]
    assert decoded[0] == ResponseStarted("msg_1", "claude")
    assert decoded[-1] == Finished(FinishReason.STOP, "stop_sequence", "END")
    whole = [{"type": "thinking", "thinking": "hm", "signature": "signed"}, {"type": "redacted_thinking", "data": "x"}]
    unary = decode(CLAUDE, Api.MESSAGES, orjson.dumps({"content": whole, "stop_reason": "end_turn"}))
    assert answer_of(unary).reasoning == "hm"


def test_the_documents_of_a_stream_need_not_be_in_base64() -> None:
    documents = [
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_stop"},
    ]
    plain = b"".join(event("chunk", each) for each in documents)
    assert decode(CLAUDE, Api.MESSAGES, plain) == decode(CLAUDE, Api.MESSAGES, stream(*documents))


def test_a_stream_of_claude_is_whole_only_after_its_own_end() -> None:
    documents = [
        {"type": "message_start", "message": {}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    ]
    assert isinstance(decode(CLAUDE, Api.MESSAGES, stream(*documents))[-1], StreamInterrupted)


def test_an_exception_in_a_stream_is_an_error() -> None:
    data = stream({"type": "message_start", "message": {}}) + exception("throttlingException", {"message": "slow down"})
    assert isinstance(decode(CLAUDE, Api.MESSAGES, data)[-1], ProviderError)


@pytest.mark.parametrize(
    "data",
    [
        event("chunk", {"bytes": "§§"}),
        event("chunk", {"bytes": 7}),
        event("chunk", {"bytes": b64encode(b"[]").decode()}),
    ],
)
def test_a_piece_that_can_not_be_read_is_malformed(data: bytes) -> None:
    assert isinstance(decode(CLAUDE, Api.MESSAGES, data)[-1], MalformedResponse)


@pytest.mark.parametrize("api", [each for each in Api if each is not Api.CONVERSE])
@pytest.mark.parametrize("data", [b"{}", b'{"choices": [7]}', b'{"content": [7]}', b'{"completion": 7}'])
def test_an_answer_of_another_form_is_malformed(api: Api, data: bytes) -> None:
    assert isinstance(decode(IMPORTED, api, data)[-1], MalformedResponse)


def test_the_completions_of_a_stream_are_joined() -> None:
    chunks = [{"choices": [{"text": "He"}]}, {"choices": [{"text": "y", "finish_reason": "length"}]}]
    decoded = decode(IMPORTED, Api.COMPLETIONS, stream(*chunks, {"choices": [], "usage": {"prompt_tokens": 3}}))
    assert answer_of(decoded).text == "Hey"
    assert decoded[-1] == Finished(FinishReason.LENGTH, "length")
    metrics = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 2}}
    old = [{"completion": " Hey"}, {"completion": "", "stop_reason": "stop_sequence", "stop": "\n\nHuman:", **metrics}]
    decoded = decode("anthropic.claude-v2", Api.TEXT_COMPLETIONS, stream(*old))
    usage = answer_of(decoded).usage
    assert usage
    assert (answer_of(decoded).text, usage.input_tokens, usage.output_tokens) == (" Hey", 3, 2)


def said(text: str) -> tuple[bytes, bytes]:
    pieces = [{"delta": {"content": text[start : start + 5]}} for start in range(0, len(text), 5)]
    return whole({"content": text}, "stop"), chunks(*pieces, reason="stop")


def called() -> tuple[bytes, bytes]:
    call = {"index": 0, "id": "call-1", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    first = {"tool_calls": [call | {"function": {"name": "get_weather", "arguments": ""}}]}
    rest = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ('{"city": ', '"Paris"}')]
    deltas = [{"delta": each} for each in (first, *rest)]
    return whole({"tool_calls": [call]}, "tool_calls"), chunks(*deltas, reason="tool_calls")


@pytest.mark.parametrize("arguments", ['{"city": "Par', '{"city":'])
def test_half_a_call_is_not_a_whole_answer(arguments: str) -> None:
    call = {"index": 0, "id": "call-1", "function": {"name": "get_weather", "arguments": arguments}}
    message = {"tool_calls": [call]}
    for data in (whole(message, "tool_calls"), chunks({"delta": message}, reason="tool_calls")):
        assert isinstance(decode(IMPORTED, Api.CHAT_COMPLETIONS, data)[-1], StreamInterrupted)


USAGE = {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}


def whole(message: dict[str, Any], reason: str) -> bytes:
    return orjson.dumps({"id": "chat-1", "choices": [{"message": message, "finish_reason": reason}], "usage": USAGE})


def chunks(*choices: dict[str, Any], reason: str) -> bytes:
    documents = [{"id": "chat-1", "choices": [each]} for each in choices]
    end = {"id": "chat-1", "choices": [{"delta": {}, "finish_reason": reason}]}
    return stream(*documents, end, {"id": "chat-1", "choices": [], "usage": USAGE})


class TestImportedModel(HttpProviderContract):
    """A model that is called by InvokeModel keeps what every provider promises."""

    def connect(self, transport: Transport) -> Provider:
        abilities = frozenset({Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT})
        models = {IMPORTED: ModelSettings(api=Api.CHAT_COMPLETIONS, capabilities=abilities)}
        regions = {"us-east-1": Region.of("us-east-1")}
        return BedrockProvider(regions, {"": by_headers(bearer("key-of-nobody"))}, transport, models)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        answers = [
            (b'"tools"', *called()),
            (b"response_format", *said('{"colour": "blue"}')),
            (b"rivers", *said("Seine, Loire, Rhône")),
            (b"", *said("Hello, wörld: 1, 2, 3, 4, 5 🌍")),
        ]
        return [each for one in answers for each in _both(*one)]


def _both(word: bytes, whole: bytes, streamed: bytes) -> list[Exchange]:
    def says(request: HttpRequest) -> bool:
        return word in request.body

    return [
        Exchange(streamed, path="/invoke-with-response-stream", when=says),
        Exchange(whole, path="/invoke", when=says),
    ]
