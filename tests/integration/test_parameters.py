"""What a caller asks for arrives at the provider in its own format, and what was adapted comes back as a warning."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import orjson
import pytest
from google.protobuf.duration_pb2 import Duration
from ymera.v1 import content_pb2 as pb
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.integration.upstream import (
    CHAT,
    CHAT_MODEL,
    CONTENT,
    CONTENT_MODEL,
    MESSAGE,
    MESSAGES_MODEL,
    MODELS,
    RESPONSE,
    RESPONSES_MODEL,
    Upstream,
    serving,
)
from ymera_service.config import Settings
from ymera_service.server import Application

WAIT = 10
HI = pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text="Hi")])


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with serving() as upstream:
        yield upstream


@pytest.fixture
async def client(
    upstream: Upstream, make_settings: Callable[..., Settings]
) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    settings = make_settings(plugins=upstream.tables)
    async with Application.start(settings) as app, grpc.aio.insecure_channel(app.address) as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)


def function(name: str) -> pb.Tool:
    return pb.Tool(function=pb.Function(name=name))


async def ask(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, prompt: pb.Prompt, model: str, **more: Any
) -> ymera_pb2.ExecuteResponse:
    preferences = routing_pb2.RoutingPreferences(model=model)
    request = ymera_pb2.ExecuteRequest(prompt=prompt, preferences=preferences, **more)
    answer: ymera_pb2.ExecuteResponse = await client.Execute(request, timeout=WAIT)
    assert answer.model == model
    return answer


def warnings(answer: ymera_pb2.ExecuteResponse) -> list[str]:
    return [one.field.removeprefix("prompt.") for one in answer.attempts[0].warnings]


@pytest.mark.parametrize(
    ("model", "members", "warned"),
    [
        (CHAT_MODEL, {"reasoning_effort": "medium"}, ["budget_tokens", "summary"]),
        (RESPONSES_MODEL, {"reasoning": {"effort": "medium", "summary": "auto"}}, ["budget_tokens"]),
        (MESSAGES_MODEL, {"thinking": {"type": "enabled", "budget_tokens": 5_000}}, []),
        (
            CONTENT_MODEL,
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 5_000, "includeThoughts": True}}},
            [],
        ),
    ],
)
async def test_a_budget_and_a_summary_of_thinking(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub,
    upstream: Upstream,
    model: str,
    members: dict[str, Any],
    warned: list[str],
) -> None:
    sampling = pb.SamplingParameters(reasoning_budget_tokens=5_000, reasoning_summary=True)
    answer = await ask(client, pb.Prompt(messages=[HI], sampling=sampling), model)
    [body] = upstream.bodies
    assert {name: body.get(name) for name in members} == members
    assert sorted(warnings(answer)) == [f"sampling.reasoning_{name}" for name in warned]


async def test_a_strict_request_is_not_thought_about_in_other_terms(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    prompt = pb.Prompt(messages=[HI], sampling=pb.SamplingParameters(reasoning_budget_tokens=5_000))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await ask(client, prompt, CHAT_MODEL, strict=True)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert upstream.bodies == []


@pytest.mark.parametrize("model", MODELS)
async def test_only_some_of_the_tools_may_be_called(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream, model: str
) -> None:
    choice = pb.ToolChoice(mode=pb.ToolChoice.MODE_REQUIRED, allowed_tools=["look"])
    prompt = pb.Prompt(messages=[HI], tools=[function("look"), function("wait")], tool_choice=choice)
    answer = await ask(client, prompt, model)
    [body] = upstream.bodies
    named: Callable[[], str] = {
        CHAT_MODEL: lambda: body["tool_choice"]["allowed_tools"]["tools"][0]["function"]["name"],
        RESPONSES_MODEL: lambda: body["tool_choice"]["tools"][0]["name"],
        MESSAGES_MODEL: lambda: body["tools"][-1]["name"],
        CONTENT_MODEL: lambda: body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"][0],
    }[model]
    assert named() == "look"
    assert warnings(answer) == (["tool_choice.allowed_tools"] if model == MESSAGES_MODEL else [])


@pytest.mark.parametrize("model", MODELS)
async def test_the_description_of_a_schema_reaches_the_model(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream, model: str
) -> None:
    wanted = pb.ResponseFormat(
        type=pb.ResponseFormat.TYPE_JSON_SCHEMA, schema='{"type":"object"}', description="Where it lies"
    )
    await ask(client, pb.Prompt(messages=[HI], response_format=wanted), model)
    [body] = upstream.bodies
    described: Callable[[], str] = {
        CHAT_MODEL: lambda: body["response_format"]["json_schema"]["description"],
        RESPONSES_MODEL: lambda: body["text"]["format"]["description"],
        MESSAGES_MODEL: lambda: body["output_config"]["format"]["schema"]["description"],
        CONTENT_MODEL: lambda: body["generationConfig"]["responseJsonSchema"]["description"],
    }[model]
    assert described() == "Where it lies"


SEARCH = pb.Tool(provider_tool=pb.ProviderTool(name="web_search"))
SEARCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    RESPONSES_MODEL: (
        {"type": "web_search"},
        {"output": [{"type": "web_search_call", "id": "ws_1"}, *RESPONSE["output"]]},
    ),
    MESSAGES_MODEL: (
        {"type": "web_search_20250305", "name": "web_search"},
        {"content": [{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, *MESSAGE["content"]]},
    ),
    CONTENT_MODEL: (
        {"googleSearch": {}},
        {"candidates": [{"content": {"parts": [{"executableCode": {"code": "1"}}]}, "finishReason": "STOP"}]},
    ),
}


@pytest.mark.parametrize("model", SEARCHES)
async def test_what_a_tool_of_the_provider_did_goes_back_in_the_next_turn(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream, model: str
) -> None:
    tool, answered = SEARCHES[model]
    usual = {RESPONSES_MODEL: RESPONSE, MESSAGES_MODEL: MESSAGE, CONTENT_MODEL: CONTENT}[model]
    upstream.answer = usual | answered
    first = await ask(client, pb.Prompt(messages=[HI], tools=[SEARCH]), model)
    assert tool in upstream.bodies[0]["tools"]
    block = first.messages[0].parts[0].provider_block
    assert block.format
    events = client.ExecuteStream(
        ymera_pb2.ExecuteStreamRequest(
            prompt=pb.Prompt(messages=[HI, *first.messages, HI], tools=[SEARCH]),
            preferences=routing_pb2.RoutingPreferences(model=model),
        ),
        timeout=WAIT,
    )
    found = [event.provider_block async for event in events if event.WhichOneof("event") == "provider_block"]
    assert found == [block]
    sent = orjson.dumps(upstream.bodies[1])
    assert orjson.dumps(orjson.loads(block.data)) in sent


async def test_a_tool_of_the_provider_goes_to_models_that_have_it(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    own = pb.Tool(provider_tool=pb.ProviderTool(name="urlContext", provider="content"))
    request = ymera_pb2.ExecuteRequest(prompt=pb.Prompt(messages=[HI], tools=[own]))
    answer = await client.Execute(request, timeout=WAIT)
    assert answer.model == CONTENT_MODEL
    assert upstream.bodies[0]["tools"] == [{"urlContext": {}}]


async def test_a_hint_for_the_cache_marks_what_the_provider_is_to_keep(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    hour = pb.CacheHint(ttl=Duration(seconds=3_600))
    system = pb.Message(role=pb.ROLE_SYSTEM, parts=[pb.Part(text="Be brief.", cache=hour)])
    tool = pb.Tool(function=pb.Function(name="look"), cache=hour)
    prompt = pb.Prompt(messages=[system, HI], tools=[tool])
    assert warnings(await ask(client, prompt, MESSAGES_MODEL, strict=True)) == []
    assert warnings(await ask(client, prompt, CHAT_MODEL, strict=True)) == []
    [messages, chat] = upstream.bodies
    marked = {"type": "ephemeral", "ttl": "1h"}
    assert messages["system"] == [{"type": "text", "text": "Be brief.", "cache_control": marked}]
    assert messages["tools"][0]["cache_control"] == marked
    assert "cache_control" not in orjson.dumps(chat).decode()


async def test_a_file_goes_to_the_provider_that_keeps_it(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    kept = pb.Media(provider_file=pb.ProviderFile(provider="messages", id="file_1"), mime_type="application/pdf")
    prompt = pb.Prompt(messages=[pb.Message(role=pb.ROLE_USER, parts=[pb.Part(file=kept)])])
    answer = await client.Execute(ymera_pb2.ExecuteRequest(prompt=prompt), timeout=WAIT)
    assert answer.model == MESSAGES_MODEL
    assert upstream.bodies[0]["messages"][0]["content"][0]["source"] == {"type": "file", "file_id": "file_1"}
    assert upstream.headers[0]["anthropic-beta"] == "files-api-2025-04-14"
    wanted = routing_pb2.RoutingPreferences(model=CHAT_MODEL)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await client.Execute(ymera_pb2.ExecuteRequest(prompt=prompt, preferences=wanted), timeout=WAIT)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_video_and_the_detail_of_pictures_reach_a_model_that_sees_them(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    film = pb.Part(video=pb.Media(data=b"film", mime_type="video/mp4", detail=pb.Media.DETAIL_LOW))
    prompt = pb.Prompt(messages=[pb.Message(role=pb.ROLE_USER, parts=[film])])
    answer = await client.Execute(ymera_pb2.ExecuteRequest(prompt=prompt), timeout=WAIT)
    assert answer.model == CONTENT_MODEL
    [body] = upstream.bodies
    assert body["contents"][0]["parts"] == [{"inlineData": {"mimeType": "video/mp4", "data": "ZmlsbQ=="}}]
    assert body["generationConfig"]["mediaResolution"] == "MEDIA_RESOLUTION_LOW"


TOKENS = {"content": [{"token": "Hi", "logprob": -0.25, "bytes": [72, 105], "top_logprobs": []}]}


async def test_probabilities_come_whole_streamed_and_again_from_storage(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    upstream.answer = {**CHAT, "choices": [CHAT["choices"][0] | {"logprobs": TOKENS}]}
    prompt = pb.Prompt(messages=[HI], sampling=pb.SamplingParameters(logprobs=2))
    answers = [await ask(client, prompt, CHAT_MODEL, idempotency_key="once") for _ in range(2)]
    assert [answer.replayed for answer in answers] == [False, True]
    [body] = upstream.bodies
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)
    events = client.ExecuteStream(
        ymera_pb2.ExecuteStreamRequest(
            prompt=prompt, preferences=routing_pb2.RoutingPreferences(model=CHAT_MODEL), idempotency_key="once"
        ),
        timeout=WAIT,
    )
    streamed = [event.logprobs_delta.tokens async for event in events if event.HasField("logprobs_delta")]
    for tokens in (*streamed, *(answer.logprobs for answer in answers)):
        [token] = tokens
        assert (token.token, token.raw, token.logprob) == ("Hi", b"Hi", -0.25)
    assert len(streamed) == 1


async def test_probabilities_are_asked_of_models_that_state_them(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    prompt = pb.Prompt(messages=[HI], sampling=pb.SamplingParameters(logprobs=0))
    preferences = routing_pb2.RoutingPreferences(model=MESSAGES_MODEL)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await client.Execute(ymera_pb2.ExecuteRequest(prompt=prompt, preferences=preferences), timeout=WAIT)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "logprobs" in str(error.value.details())
    assert upstream.bodies == []


async def test_the_tier_that_served_is_named_and_without_its_price_the_cost_is_unknown(
    client: ymera_pb2_grpc.YmeraServiceAsyncStub, upstream: Upstream
) -> None:
    prompt = pb.Prompt(messages=[HI], service_tier=pb.SERVICE_TIER_FLEX)
    for tier, known in (("flex", False), ("default", True)):
        upstream.answer = {**CHAT, "service_tier": tier}
        answer = await ask(client, prompt, CHAT_MODEL)
        assert upstream.bodies[-1]["service_tier"] == "flex"
        assert answer.attempts[0].service_tier == tier
        assert answer.usage.HasField("cost_micros") is known


async def test_a_request_stays_in_the_regions_that_the_configuration_states(
    upstream: Upstream, make_settings: Callable[..., Settings]
) -> None:
    regions = {"regions": {"messages/*": "eu", "content/*": "us"}}
    settings = make_settings(catalog=regions, plugins=upstream.tables)
    async with Application.start(settings) as app, grpc.aio.insecure_channel(app.address) as channel:
        client = ymera_pb2_grpc.YmeraServiceStub(channel)
        preferences = routing_pb2.RoutingPreferences(data_regions=["eu"])
        request = ymera_pb2.ExecuteRequest(prompt=pb.Prompt(messages=[HI]), preferences=preferences)
        answer = await client.Execute(request, timeout=WAIT)
    assert answer.model == MESSAGES_MODEL
    [excluded] = [each for each in answer.decision.exclusions if each.count == 3]
    assert excluded.reason == routing_pb2.EXCLUSION_REASON_OTHER_REGION
