"""Every recorded completion in OpenAI's and Anthropic's formats, through client, server, plugin and HTTP, and back.

One server calls one replay server. Each exchange is a separate endpoint, configured like a user's, whose address
selects the exchange in the replay server; a request names the endpoint's model, sends the recording's own prompt, and
the body that arrives means the same as the recorded one. Every recording is requested both whole and streamed, as
vendors may answer either way independently of the request.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships no py.typed
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e.recorded.exchanges import DIALECTS, EXCHANGES, WIRE, Exchange, kind_of, model_of, said_in
from tests.e2e.recorded.prompts import meaning, prompt_of
from tests.e2e.recorded.received import CACHED_PRICE, FINISH_REASONS, INPUT_PRICE, OUTPUT_PRICE, WRITTEN_PRICE, Received
from tests.e2e.recorded.serving import serving

if not (WIRE / "replay_server.py").exists():
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

WAIT = 30.0
COMPLETIONS = [one for one in EXCHANGES if one["expect"].get("finish_reason") in FINISH_REASONS]
FAILED = [one for one in EXCHANGES if "error_in_stream" in one["expect"]]
ERRORS = [one for one in EXCHANGES if one["expect"]["kind"] == "error"]
BROKEN = [
    one
    for one in COMPLETIONS
    if one["vendor"] in ("openai", "anthropic")
    and "sse_text" in one["response"]
    and len(one["expect"]["text"]) > 40
    and "citations" not in one["features"]  # they come before the text
][::3]
"""Some streams, long enough to break within their text."""
SPLIT = sorted(COMPLETIONS, key=lambda one: (one["expect"]["text"].isascii(), len(json.dumps(one["response"]))))[:12]
"""Some exchanges to send byte by byte: short ones, and those with characters of several bytes first."""
DELIVERIES = {
    "": {one["id"] for one in EXCHANGES},
    "split=byte": {one["id"] for one in SPLIT},
    "split=random": {one["id"] for one in COMPLETIONS[::5]},
    "cut=": {one["id"] for one in BROKEN},
    "stall=": {one["id"] for one in BROKEN[:1]},
    "reset": {one["id"] for one in BROKEN},
}

REASONS = {
    "authentication": "PROVIDER_AUTHENTICATION",
    "permission": "PROVIDER_PERMISSION_DENIED",
    "not_found": "PROVIDER_NOT_FOUND",
    "invalid_request": "PROVIDER_INVALID_REQUEST",
    "context_too_long": "CONTEXT_TOO_LONG",
    "content_filtered": "CONTENT_FILTERED",
    "rate_limited": "RATE_LIMITED",
    "quota_exhausted": "QUOTA_EXHAUSTED",
    "overloaded": "PROVIDER_OVERLOADED",
    "server_error": "PROVIDER_SERVER_ERROR",
}


def endpoint_of(exchange: Exchange, delivery: str = "") -> str:
    """The name of the provider that gives an exchange, delivered in one of the ways."""
    return re.sub(r"[^a-z0-9]+", "-", f"{exchange['id']} {delivery}".strip())


def endpoints(replay: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the endpoints for both plugins: each exchange in each required way of delivery."""
    openai: dict[str, Any] = {}
    anthropic: dict[str, Any] = {}
    for exchange in EXCHANGES:
        for delivery in (way for way, ids in DELIVERIES.items() if exchange["id"] in ids):
            options = [f"{delivery}{_most_of(exchange)}" if delivery.endswith("=") else delivery] if delivery else []
            name, url = endpoint_of(exchange, delivery), replay.url(exchange["id"], *options)
            table = {"base_url": f"{url}/v1", "models": [model_of(exchange)]}
            if exchange["endpoint"] == "messages":
                anthropic[name] = table | {"models": {model_of(exchange): {}}}
            else:
                openai[name] = table | {"dialect": DIALECTS[exchange["endpoint"]]} | kind_of(exchange)
    return openai, anthropic


def check_sent(replay: Any, exchange: Exchange) -> None:
    """Asserts that the body that arrived last for an exchange means the same as the recorded one."""
    if isinstance(said := said_in(exchange["id"]), str):
        return
    sent = next(one["json"] for one in reversed(replay.received) if one["id"] == exchange["id"])
    assert sent.get("model") in (exchange["request"]["json"].get("model"), "m")
    assert meaning(prompt_of(exchange["endpoint"], sent)) == meaning(said)


def _most_of(exchange: Exchange) -> int:
    """So many bytes of a stream that its answer has begun and not ended."""
    return len(str(exchange["response"]["sse_text"]).encode()) * 6 // 10


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(
    replay: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    """A server with all installed plugins, each exchange being one of its providers."""
    openai, anthropic = endpoints(replay)
    price = {"input": INPUT_PRICE, "output": OUTPUT_PRICE, "cache_read": CACHED_PRICE, "cache_write": WRITTEN_PRICE}
    prices = {f"{name}/{model}": price for name, table in (openai | anthropic).items() for model in table["models"]}
    plugins = {"openai": {"endpoints": openai}, "anthropic": {"endpoints": anthropic}}
    async with serving(tmp_path_factory.mktemp("replay"), plugins, prices) as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)


def prompt_for(exchange: Exchange) -> content_pb2.Prompt:
    """The recording's own prompt, or another one if the contract can't say it."""
    said = said_in(exchange["id"])
    if not isinstance(said, str):
        return ParseDict(said, content_pb2.Prompt())
    part = content_pb2.Part(text="What was recorded?")
    return content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])])


def only(exchange: Exchange, delivery: str) -> routing_pb2.RoutingPreferences:
    return routing_pb2.RoutingPreferences(allow_models=[f"{endpoint_of(exchange, delivery)}/{model_of(exchange)}"])


async def whole(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange, delivery: str = "") -> Received:
    """Asks an endpoint for a whole answer."""
    request = ymera_pb2.ExecuteRequest(prompt=prompt_for(exchange), preferences=only(exchange, delivery))
    answer = await stub.Execute(request, timeout=WAIT)
    return Received.whole(answer)


async def events_of(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange, delivery: str = ""
) -> tuple[list[ymera_pb2.ExecuteStreamResponse], grpc.aio.AioRpcError | None]:
    """Asks an endpoint for a stream, and returns its events and its error."""
    request = ymera_pb2.ExecuteStreamRequest(prompt=prompt_for(exchange), preferences=only(exchange, delivery))
    events: list[ymera_pb2.ExecuteStreamResponse] = []
    try:
        async for event in stub.ExecuteStream(request, timeout=WAIT):
            events.append(event)  # noqa: PERF401  # the events before a failure count
    except grpc.aio.AioRpcError as error:
        return events, error
    return events, None


async def streamed(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange, delivery: str = "") -> Received:
    """Asks an endpoint for a stream."""
    events, error = await events_of(stub, exchange, delivery)
    assert error is None
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return Received.joined(events)


WAYS: list[Callable[..., Any]] = [whole, streamed]
MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


def each(exchanges: Sequence[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exchange", [pytest.param(one, id=one["id"]) for one in exchanges])


@MODULE_LOOP
@pytest.mark.parametrize("way", WAYS)
@each(COMPLETIONS)
async def test_a_recorded_answer_reaches_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, replay: Any, exchange: Exchange, way: Callable[..., Any]
) -> None:
    (await way(stub, exchange)).check(exchange)
    check_sent(replay, exchange)


@MODULE_LOOP
@pytest.mark.parametrize("way", WAYS)
@each(SPLIT)
async def test_an_answer_that_comes_byte_by_byte_is_the_same(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange, way: Callable[..., Any]
) -> None:
    (await way(stub, exchange, "split=byte")).check(exchange)


@MODULE_LOOP
@each(COMPLETIONS[::5])
async def test_an_answer_cut_anywhere_is_the_same(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    (await streamed(stub, exchange, "split=random")).check(exchange)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason that a status's details name."""
    packed = status_pb2.Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    return str(error_details_pb2.ErrorInfo.FromString(packed.details[0].value).reason)


@MODULE_LOOP
@each(ERRORS)
async def test_a_recorded_error_reaches_the_caller_with_its_meaning(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, replay: Any, exchange: Exchange
) -> None:
    expected = exchange["expect"]["error"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await whole(stub, exchange)
    events, error = await events_of(stub, exchange)
    check_sent(replay, exchange)
    assert error is not None
    assert reason_of(caught.value) == reason_of(error) == REASONS[expected["class"]]
    assert caught.value.code() is error.code()
    assert caught.value.details() == error.details() == expected["message"][:512]
    assert events[-1].failed.error.reason == REASONS[expected["class"]]


@MODULE_LOOP
@each(FAILED)
async def test_a_failure_reported_within_an_answer_is_a_failure(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    events, error = await events_of(stub, exchange)
    assert error is not None
    assert reason_of(error) == REASONS[exchange["expect"]["error_in_stream"]["class"]]
    assert Received.joined(events).texts["text"] == exchange["expect"]["text"]


@MODULE_LOOP
@pytest.mark.parametrize(
    ("exchange", "delivery", "reason"),
    [
        *(pytest.param(one, "cut=", "STREAM_INTERRUPTED", id=f"{one['id']}-cut") for one in BROKEN),
        *(pytest.param(one, "stall=", "PROVIDER_TIMEOUT", id=f"{one['id']}-stall") for one in BROKEN[:1]),
    ],
)
async def test_a_stream_that_breaks_ends_truncated_with_a_part_of_the_answer(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange, delivery: str, reason: str
) -> None:
    events, error = await events_of(stub, exchange, delivery)
    assert error is not None
    assert reason_of(error) == events[-1].truncated.error.reason == reason
    received = Received.joined(events).texts
    assert received["text"] or received["reasoning"]
    assert exchange["expect"]["text"].startswith(received["text"])


@MODULE_LOOP
@each(BROKEN)
async def test_an_upstream_that_closes_immediately_is_a_failure(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    events, error = await events_of(stub, exchange, "reset")
    assert error is not None
    assert events[-1].failed.error.reason == reason_of(error) == "PROVIDER_CONNECTION_FAILED"


NOT_SAYABLE = {
    "the request was not recorded",
    "a schema that is not an object",
    "body.clear_thinking",
    "body.grammar",
    "body.include_reasoning",
    "body.cache_control",
    "body.n",
    "body.prompt of several texts or of tokens",
    "body.prompt_cache_key",
    "body.provider",
    "body.reasoning.context",
    "body.reasoning.max_tokens",
    "body.return_related_questions",
    "body.safe_prompt",
    "body.search_context_size",
    "body.search_settings",
    "body.thinking.clear_thinking",
    "body.web_search_options",
    "data that the recorder cut",
    "effort xhigh",
    "input of type reasoning with nothing but the id of what the vendor keeps",
    "messages without content",
    "messages.content of type search_result",
    "messages.content.citations",
    "messages.content.source of type file",
    "messages.name",
    "messages.prefix",
    "refused: prompt.sampling.temperature",
    "refused: prompt.tools.function.parameters_schema",
    "response_format.json_schema.description",
    "tools.parameters",
}
"""Why the contract can't say what some recorded requests say."""


def test_every_request_is_sent_but_those_for_which_the_contract_has_no_words() -> None:
    reasons = Counter(said for one in EXCHANGES if isinstance(said := said_in(one["id"]), str))
    assert set(reasons) <= NOT_SAYABLE
    assert len(EXCHANGES) - reasons.total() >= 376
