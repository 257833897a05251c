"""Recorded exchanges of InvokeModel decode to what is expected, and their requests are built to the same meaning."""

import json
import re
from base64 import b64decode
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_bedrock.api import Api
from ymera_bedrock.authorization import by_headers
from ymera_bedrock.dialect import ConverseDialect
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.profiles import family_profile
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.settings import ModelSettings

from ymera_service.sdk.content import CacheHint, Media, MediaKind, Message, Part, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import ProviderError, StreamInterrupted
from ymera_service.sdk.events import Finished, OutputItem, ProviderEvent, ResponseStarted, UsageReported
from ymera_service.sdk.generation import GenerateRequest, Prompt, Sampling, Tool
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.keys import bearer
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.recorded import Cut, Exchange, RecordedTransport, each_byte, randomly, whole

Record = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire" / "bedrock"
RECORDED: list[Record] = [json.loads(path.read_bytes()) for path in sorted(WIRE.glob("bedrock.invoke*.json"))]
if not RECORDED:
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

ANSWERED = [each for each in RECORDED if each["expect"]["kind"] == "completion"]
STREAMED = [each for each in ANSWERED if "body_b64" in each["response"]]


def of(recorded: list[Record]) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in recorded]


def model_of(record: Record) -> str:
    return unquote(str(record["request"]["path"]).split("/")[2])


def api_of(record: Record) -> Api:
    asked = record["request"]["json"]
    if "nova" in model_of(record):
        return Api.NOVA
    if "max_tokens_to_sample" in asked:
        return Api.TEXT_COMPLETIONS
    return Api.COMPLETIONS if "prompt" in asked else Api.MESSAGES


def body_of(record: Record) -> bytes:
    response = record["response"]
    return b64decode(response["body_b64"]) if "body_b64" in response else str(response["body_text"]).encode()


def dialect_of(record: Record) -> ConverseDialect:
    dialect = ConverseDialect()
    provider_of(record, RecordedTransport(), dialect)
    return dialect


def provider_of(
    record: Record, transport: RecordedTransport, dialect: ConverseDialect | None = None
) -> BedrockProvider:
    models = {model_of(record): ModelSettings(api=api_of(record))}
    regions = {"us-east-1": Region.of("us-east-1", "https://bedrock.example")}
    provider = BedrockProvider(regions, {"": by_headers(bearer("key-of-nobody"))}, transport, models)
    if dialect:
        dialect.profiles.learn(model_of(record), provider.dialect.profiles.of(model_of(record)))
    return provider


def decode(record: Record, cut: Cut = whole, body: bytes | None = None) -> list[ProviderEvent | ProviderError]:
    decoder = dialect_of(record).decoder(GenerateRequest(model_of(record), Prompt(())))
    decoded = [event for piece in cut(body_of(record) if body is None else body) for event in decoder.feed(piece)]
    return [*decoded, *decoder.close()]


async def answered(record: Record, cut: Cut = whole) -> list[ProviderEvent]:
    """The events of the whole provider, which reads the head of the response, too."""
    exchange = Exchange(body_of(record), headers=record["response"]["headers"], cut=cut)
    provider = provider_of(record, RecordedTransport(exchange))
    return await events_of(provider, GenerateRequest(model_of(record), Prompt((user("hi"),))))


@pytest.mark.parametrize("cut", [whole, each_byte, randomly(7)])
@pytest.mark.parametrize("record", of(ANSWERED))
async def test_a_recorded_answer_decodes_to_what_is_expected(record: Record, cut: Cut) -> None:
    events, expect = await answered(record, cut), record["expect"]
    answer, end = Answer.of(events), events[-1]
    assert isinstance(end, Finished)
    calls = [{"id": one.id, "name": one.name, "arguments": json.loads(one.arguments)} for one in answer.tool_calls]
    assert (answer.text, calls) == (expect["text"], expect["tool_calls"])
    assert (end.reason, end.raw_reason) == (expect["finish_reason"], expect["finish_reason_raw"])
    usage = [event for event in events if isinstance(event, UsageReported)][-1]
    found = {
        "input": usage.usage.input_tokens,
        "output": usage.usage.output_tokens,
        "cached_input": usage.usage.cache_read_input_tokens,
        "cache_write": usage.usage.cache_creation_input_tokens,
        "total": usage.total_tokens,
    }
    assert found == {"cached_input": 0, "cache_write": 0, "total": None, **expect["usage"]}
    [started] = [event for event in events if isinstance(event, ResponseStarted)]
    if "response_id" in expect:
        assert (started.response_id, started.model) == (expect["response_id"], expect["model"])
    if "block_types" in expect and "body_text" in record["response"]:
        kinds = {"tool_use": "toolUse"}
        wanted = [kinds.get(kind, kind) for kind in expect["block_types"]]
        assert [event.type for event in events if isinstance(event, OutputItem)] == wanted


@pytest.mark.parametrize("record", of([each for each in RECORDED if each["expect"]["kind"] == "error"]))
def test_a_recorded_error_has_its_meaning(record: Record) -> None:
    response, expected = record["response"], record["expect"]["error"]
    error = ERRORS.of_response(HttpResponse(response["status"], response["headers"], body_of(record)))
    assert (error.reason, error.message) == ("PROVIDER_PERMISSION_DENIED", expected["message"])


@given(record=st.sampled_from(STREAMED), share=st.floats(0, 1, exclude_max=True))
def test_a_stream_that_was_cut_off_is_finished_only_if_its_counts_alone_were_lost(record: Record, share: float) -> None:
    body = body_of(record)
    decoded = decode(record, body=body[: int(len(body) * share)])
    answer = Answer.of(event for event in decoded if not isinstance(event, ProviderError))
    if isinstance(decoded[-1], Finished):
        assert answer.text == record["expect"]["text"]
    else:
        assert isinstance(decoded[-1], StreamInterrupted)
        assert answer.finish_reason is None


# Reading a recorded request.


def prompt_of(body: Record) -> Prompt:
    """Returns the prompt that a body says; every member has to be understood."""
    body = json.loads(json.dumps(body))
    assert body.pop("schemaVersion", "messages-v1") == "messages-v1"
    assert body.pop("anthropic_version", "bedrock-2023-05-31") == "bedrock-2023-05-31"
    config = {**body.pop("inferenceConfig", {}), **body}
    names = ("messages", "system", "tools", "toolConfig", "prompt")
    sampling = {name: value for name, value in config.items() if name not in names}
    system = parts_of(body.get("system") or [])
    said = [Message(Role.SYSTEM, system)] if system else []
    if "prompt" in body:
        said_by_user = _SPEAKERS.sub(
            r"\1", body["prompt"]
        )  # recorders wrote Claude's words for the speakers themselves
        return Prompt((user(said_by_user),), sampling=sampling_of(sampling))
    for speaker, turns in groupby(body["messages"], key=lambda message: str(message["role"])):
        parts = tuple(part for message in turns for part in parts_of(message["content"]))
        role = Role.TOOL if isinstance(parts[0], ToolResult) else Role(speaker)
        said.append(Message(role, parts))
    return Prompt(tuple(said), tools_of(body), sampling=sampling_of(sampling))


_SPEAKERS = re.compile(r"\s*Human: (.*?)\s*Assistant:", re.DOTALL)


def sampling_of(found: Record) -> Sampling:
    limits = ("maxTokens", "max_new_tokens", "max_tokens", "max_tokens_to_sample")
    limit = next((found.pop(name) for name in limits if name in found), None)
    stops = next((found.pop(name) for name in ("stopSequences", "stop_sequences", "stop") if name in found), ())
    top_p = next((found.pop(name) for name in ("topP", "top_p") if name in found), None)
    sampling = Sampling(found.pop("temperature", None), top_p, found.pop("top_k", None), limit, tuple(stops))
    assert not found
    return sampling


def parts_of(content: Any) -> tuple[Part, ...]:
    return (Text(content),) if isinstance(content, str) else tuple(map(part_of, content))


def part_of(block: Record) -> Part:
    if "toolUse" in block:
        use = block["toolUse"]
        return ToolCall(use["toolUseId"], use["name"], json.dumps(use["input"], sort_keys=True))
    if "toolResult" in block:
        result = block["toolResult"]
        return ToolResult(result["toolUseId"], tuple(map(text_of, result["content"])))
    match block.get("type"):
        case "tool_use":
            return ToolCall(block["id"], block["name"], json.dumps(block["input"], sort_keys=True))
        case "tool_result":
            content = block["content"]
            texts = [{"text": content}] if isinstance(content, str) else content
            return ToolResult(block["tool_use_id"], tuple(map(text_of, texts)))
        case "image":
            source = block["source"]
            return Media(MediaKind.IMAGE, source["media_type"], b64decode(source["data"]))
    return text_of(block)


def text_of(block: Record) -> Text:
    if "json" in block:
        return Text(json.dumps(block["json"], sort_keys=True))
    return Text(block["text"], CacheHint() if "cache_control" in block else None)


def tools_of(body: Record) -> tuple[Tool, ...]:
    tools = [each["toolSpec"] for each in body.get("toolConfig", {}).get("tools", [])] or body.get("tools", [])
    schemas = [each.get("input_schema") or each["inputSchema"]["json"] for each in tools]
    return tuple(
        Tool(each["name"], each.get("description", ""), json.dumps(schema, sort_keys=True))
        for each, schema in zip(tools, schemas, strict=True)
    )


@pytest.mark.parametrize("record", of(RECORDED))
def test_a_recorded_request_is_built_to_the_same_meaning(record: Record) -> None:
    prompt = prompt_of(record["request"]["json"])
    stream = record["endpoint"] == "invoke-stream"
    request = dialect_of(record).encode(GenerateRequest(model_of(record), prompt, stream))
    assert unquote(request.url) == unquote(record["request"]["path"])
    assert prompt_of(orjson.loads(request.body)) == prompt


def test_every_recording_is_proved() -> None:
    assert len(RECORDED) >= 19
    assert {api_of(each) for each in RECORDED} == set(Api) - {Api.CONVERSE, Api.CHAT_COMPLETIONS}
    assert family_profile("amazon.nova-micro-v1:0").api is Api.CONVERSE
