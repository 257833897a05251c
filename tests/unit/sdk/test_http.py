"""`HttpProvider` with a small dialect over a scripted transport."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from types import TracebackType

import pytest

from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    ConnectionFailed,
    ContentFiltered,
    InvalidProviderRequest,
    MalformedResponse,
    ProviderError,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import Accepted, Finished, Headroom, KeepAlive, ProviderEvent, TextDelta
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.http import Endpoint, HttpProvider, HttpRequest, HttpResponse
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import context_of, events_of, generate

REQUEST = GenerateRequest("tiny", Prompt((user("hello"),)))
END = Finished(FinishReason.STOP)

Item = ProviderEvent | ProviderError


class TinyDecoder:
    """Lines are text; `.` ends the answer, which `close` reports; `=` ends it at once; `!` is a failure in the body."""

    def __init__(self) -> None:
        self._rest = b""
        self._finished = False
        self._reported = False

    def feed(self, data: bytes) -> Sequence[Item]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [item for line in lines for item in self._line(line)]

    def close(self) -> Sequence[Item]:
        if self._reported:
            return []
        if self._finished:
            return [END]
        return [MalformedResponse("half a line") if self._rest else StreamInterrupted("no end")]

    def _line(self, line: bytes) -> list[Item]:
        if line == b".":
            self._finished = True
            return []
        if line == b"=":
            self._reported = True
            return [END]
        if line == b"!":
            return [ContentFiltered("the provider's own failure")]
        if line == b"?":
            return [StreamInterrupted("the provider's own interruption")]
        return [TextDelta(line.decode())]


class TinyDialect:
    """Sends the model's name and decodes lines."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        return HttpRequest("POST", "/say", {"x-model": request.model}, b"say")

    def decoder(self, request: GenerateRequest) -> TinyDecoder:
        return TinyDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        kind = RateLimited if response.status == 429 else ProviderServerError
        return kind(response.body.decode(), status=response.status)


class JsonDialect(TinyDialect):
    """Sends JSON, without the seed."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        adaptation = Adaptation(AdaptationKind.DROPPED, "prompt.sampling.seed", "there is none")
        return HttpRequest("POST", "/say", {}, b'{"say":"it","tier":"standard"}', (adaptation,))


class TinyProvider(HttpProvider):
    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo((await self.fetch(HttpRequest("GET", "/models"))).body.decode())]


@dataclass
class Scripted:
    """A transport and its one response; a piece that is an error is raised."""

    pieces: Sequence[bytes | Exception] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    refuses: ProviderError | None = None
    requests: list[HttpRequest] = field(default_factory=list)
    open_connections: int = 0

    def open(self, request: HttpRequest) -> "Scripted":
        self.requests.append(request)
        return self

    async def __aenter__(self) -> "Scripted":
        if self.refuses:
            raise self.refuses
        self.open_connections += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open_connections -= 1

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def provider(self, dialect: TinyDialect | None = None) -> TinyProvider:
        endpoint = Endpoint("http://tiny/v1/", {"authorization": "Bearer k", "x-model": "?"})
        return TinyProvider("tiny", dialect or TinyDialect(), endpoint, self)


async def outcome(provider: HttpProvider) -> list[Item]:
    """Returns what the provider yields and then the error that it raises."""
    items: list[Item] = []
    try:
        async with aclosing(generate(provider, REQUEST)) as events:
            async for event in events:
                items.append(event)  # noqa: PERF401  # a comprehension would lose all of them when it raises
    except ProviderError as error:
        items.append(error)
    return items


async def test_an_answer_is_decoded_as_it_arrives() -> None:
    transport = Scripted([b"hel", b"lo\nwor", b"ld\n.\n"])
    assert await outcome(transport.provider()) == [
        Accepted(),
        KeepAlive(),
        TextDelta("hello"),
        TextDelta("world"),
        END,
    ]
    assert transport.open_connections == 0


@pytest.mark.parametrize(
    ("deployment", "headroom"),
    [
        (Deployment("a"), Headroom(0.25, 30.0)),
        (Deployment(endpoint="eu"), Headroom(0.25, 30.0)),
        (Deployment(), None),  # there is no other to be called
    ],
)
async def test_what_is_left_of_rate_limits_is_reported_if_calls_can_be_spread(
    deployment: Deployment, headroom: Headroom | None
) -> None:
    limits = {"x-ratelimit-limit-requests": "8", "x-ratelimit-remaining-requests": "2"}
    headers = {"content-type": "text/plain", "x-ratelimit-reset-requests": "30s", **limits}
    provider = Scripted([b".\n"], headers=headers).provider()
    provider.endpoint = Endpoint("http://tiny/v1/", accounts={"a": {}, "": {}})
    context = CallContext("id", Target("tiny", "tiny/m", deployment), deadline=0.0)
    async with aclosing(provider.generate(REQUEST, context)) as events:
        assert await anext(events) == Accepted((), headroom)


async def test_bytes_after_the_providers_end_are_not_a_sign_of_work() -> None:
    transport = Scripted([b"hello\n=\n", b"[DONE]"])
    assert await outcome(transport.provider()) == [Accepted(), TextDelta("hello"), END]


async def test_the_endpoint_completes_the_request() -> None:
    transport = Scripted([b".\n"])
    await outcome(transport.provider())
    assert transport.requests == [
        HttpRequest("POST", "http://tiny/v1/say", {"authorization": "Bearer k", "x-model": "tiny"}, b"say")
    ]


async def test_authorize_is_called_for_each_call() -> None:
    class Rotating(TinyProvider):
        async def authorize(self, request: HttpRequest, context: CallContext) -> HttpRequest:
            keys.append(context.request_id)
            return replace(await super().authorize(request, context), headers={"authorization": f"key {len(keys)}"})

    keys: list[str] = []
    transport = Scripted([b".\n"])
    provider = Rotating("tiny", TinyDialect(), Endpoint("http://tiny/v1/"), transport)
    await outcome(provider)
    await outcome(provider)
    assert [request.headers["authorization"] for request in transport.requests] == ["key 1", "key 2"]
    assert keys == [context_of(provider, REQUEST).request_id] * 2


async def test_a_listing_goes_on_with_the_next_account_where_one_is_refused() -> None:
    class ByKey(Scripted):
        """Limits the first key and accepts the second."""

        def open(self, request: HttpRequest) -> "Scripted":
            self.status = 429 if request.headers["key"] == "first" else 200
            return super().open(request)

    accounts = {name: {"key": name} for name in ("first", "second", "third")}
    transport = ByKey([b"models"])
    provider = TinyProvider("tiny", TinyDialect(), Endpoint("http://tiny/v1/", {}, accounts), transport)
    assert (await provider.fetch(HttpRequest("GET", "/models"))).body == b"models"
    assert [request.headers["key"] for request in transport.requests] == ["first", "second"]


async def test_a_listing_that_every_account_is_refused_fails() -> None:
    accounts = {name: {"key": name} for name in ("first", "second")}
    transport = Scripted([b"slow down"], 429)
    provider = TinyProvider("tiny", TinyDialect(), Endpoint("http://tiny/v1/", {}, accounts), transport)
    with pytest.raises(RateLimited):
        await provider.fetch(HttpRequest("GET", "/models"))
    assert len(transport.requests) == 2


async def test_the_callers_trace_is_passed_on() -> None:
    transport = Scripted([b".\n"])
    provider = transport.provider()
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    context = replace(context_of(provider, REQUEST), traceparent=trace)
    async with aclosing(provider.generate(REQUEST, context)) as events:
        async for _ in events:
            pass
    assert transport.requests[0].headers["traceparent"] == trace


async def test_accepted_is_yielded_when_the_head_arrives() -> None:
    transport = Scripted([AssertionError("the body was read")])
    async with aclosing(generate(transport.provider(), REQUEST)) as events:
        assert await anext(events) == Accepted()


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_closing_the_generator_closes_the_connection(after: int) -> None:
    transport = Scripted([b"a\nb\n", b"c\n"])
    events = generate(transport.provider(), REQUEST)
    for _ in range(after):
        await anext(events)
    await events.aclose()
    assert transport.open_connections == 0


async def test_an_error_status_is_decoded_and_nothing_is_accepted() -> None:
    (error,) = await outcome(Scripted([b"slow ", b"down"], 429).provider())
    assert isinstance(error, RateLimited)
    assert error.message == "slow down"


async def test_an_error_status_counts_even_if_its_body_breaks_off() -> None:
    (error,) = await outcome(Scripted([b"slow", StreamInterrupted("gone")], 429).provider())
    assert isinstance(error, RateLimited)
    assert error.message == "slow"


@pytest.mark.parametrize("status", [302, 307])
async def test_the_error_of_a_redirect_names_the_address(status: int) -> None:
    (error,) = await outcome(Scripted([], status, {"location": "https://there/"}).provider())
    assert isinstance(error, MalformedResponse)
    assert "https://there/" in error.message
    assert error.status == status


async def test_a_failure_inside_the_body_comes_after_the_events_before_it() -> None:
    *events, error = await outcome(Scripted([b"a\nb\n!\nc\n.\n"]).provider())
    assert events == [Accepted(), TextDelta("a"), TextDelta("b")]
    assert isinstance(error, ContentFiltered)


async def test_a_body_without_the_providers_end_is_interrupted() -> None:
    *_, error = await outcome(Scripted([b"a\n"]).provider())
    assert isinstance(error, StreamInterrupted)
    assert error.message == "no end"


async def test_a_broken_connection_takes_precedence_over_the_interruption_that_the_decoder_reports() -> None:
    *events, error = await outcome(Scripted([b"a\nhalf", StreamInterrupted("gone")]).provider())
    assert events == [Accepted(), TextDelta("a")]
    assert isinstance(error, StreamInterrupted)
    assert error.message == "gone"


async def test_a_connection_that_breaks_after_the_end_of_the_answer_is_ignored() -> None:
    items = await outcome(Scripted([b"a\n.\n", StreamInterrupted("gone")]).provider())
    assert items == [Accepted(), TextDelta("a"), END]


async def test_an_interruption_that_the_provider_reports_is_passed_on() -> None:
    *_, error = await outcome(Scripted([b"a\n.\n?\n"]).provider())
    assert isinstance(error, StreamInterrupted)
    assert error.message == "the provider's own interruption"


async def test_a_body_that_is_not_http_is_a_malformed_response() -> None:
    *_, error = await outcome(Scripted([b"a\n.\n", MalformedResponse("chunks")]).provider())
    assert isinstance(error, MalformedResponse)


async def test_a_connection_that_fails_is_passed_on() -> None:
    failure = ConnectionFailed("connection refused")
    assert await outcome(Scripted(refuses=failure).provider()) == [failure]


def _raise(error: Exception) -> Callable[..., Sequence[Item]]:
    def step(*_: bytes) -> Sequence[Item]:
        raise error

    return step


@pytest.mark.parametrize("step", ["feed", "close"])
@pytest.mark.parametrize("fault", [KeyError("choices"), ValueError("no JSON"), AttributeError("get"), IndexError()])
async def test_an_exception_of_a_decoder_is_a_malformed_response(step: str, fault: Exception) -> None:
    *events, error = await outcome(Scripted([b"a\n", b".\n"]).provider(_failing(step, fault)))
    assert isinstance(error, MalformedResponse)
    assert type(fault).__name__ in error.message
    assert error.__cause__ is fault
    assert events[0] == Accepted()


@pytest.mark.parametrize("step", ["feed", "close"])
async def test_a_provider_error_that_a_decoder_raises_is_passed_on(step: str) -> None:
    *_, error = await outcome(Scripted([b"a\n"]).provider(_failing(step, RateLimited("later"))))
    assert isinstance(error, RateLimited)


async def test_a_broken_connection_takes_precedence_over_an_exception_of_the_decoder() -> None:
    transport = Scripted([b"a\n", StreamInterrupted("gone")])
    *_, error = await outcome(transport.provider(_failing("close", KeyError("choices"))))
    assert isinstance(error, StreamInterrupted)


async def test_bytes_that_are_not_utf_8_are_a_malformed_response() -> None:
    *events, error = await outcome(Scripted([b"a\n", b"\xff\n"]).provider())
    assert events == [Accepted(), TextDelta("a")]
    assert isinstance(error, MalformedResponse)


def _failing(step: str, fault: Exception) -> TinyDialect:
    class Failing(TinyDialect):
        def decoder(self, request: GenerateRequest) -> TinyDecoder:
            decoder = TinyDecoder()
            setattr(decoder, step, _raise(fault))
            return decoder

    return Failing()


async def test_fetch_returns_the_whole_answer() -> None:
    transport = Scripted([b"tiny", b"-1"])
    assert [model.name for model in await transport.provider().models()] == ["tiny-1"]
    assert transport.requests[0].url == "http://tiny/v1/models"


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (500, ProviderServerError), (301, MalformedResponse)])
async def test_fetch_raises_the_error_of_a_status(status: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        await Scripted([b"no"], status).provider().models()


def test_an_endpoint_does_not_show_its_key() -> None:
    assert "secret" not in repr(Endpoint("http://tiny", {"authorization": "Bearer secret"}))


async def test_adaptations_of_a_request_come_with_its_acceptance() -> None:
    events = await outcome(Scripted([b"=\n"]).provider(JsonDialect()))
    assert isinstance(events[0], Accepted)
    assert [one.field for one in events[0].adaptations] == ["prompt.sampling.seed"]


async def test_a_strict_request_is_refused_before_it_is_sent() -> None:
    scripted = Scripted([b"=\n"])
    strict = replace(REQUEST, strict=True)
    with pytest.raises(InvalidProviderRequest, match="seed would be dropped: there is none"):
        await events_of(scripted.provider(JsonDialect()), strict)
    assert not scripted.requests


async def test_options_are_merged_into_a_json_body() -> None:
    scripted = Scripted([b"=\n"])
    options = {"tier": "flex", "nested": {"a": [1, None]}}
    await events_of(scripted.provider(JsonDialect()), replace(REQUEST, options=options))
    [sent] = scripted.requests
    assert json.loads(sent.body) == {"say": "it", "tier": "flex", "nested": {"a": [1, None]}}


async def test_an_option_within_an_object_replaces_nothing_beside_it() -> None:
    class Nested(JsonDialect):
        def encode(self, request: GenerateRequest) -> HttpRequest:
            return HttpRequest("POST", "/say", body=b'{"config": {"limit": 5, "deep": {"a": 1, "b": 2}, "list": [1]}}')

    scripted = Scripted([b"=\n"])
    options = {"config": {"seed": 7, "deep": {"b": 3}, "list": [2]}}
    await events_of(scripted.provider(Nested()), replace(REQUEST, options=options))
    [sent] = scripted.requests
    assert json.loads(sent.body) == {"config": {"limit": 5, "deep": {"a": 1, "b": 3}, "list": [2], "seed": 7}}


async def test_options_for_a_format_that_is_not_json_are_refused() -> None:
    with pytest.raises(InvalidProviderRequest, match="not a JSON object"):
        await events_of(Scripted([b"=\n"]).provider(), replace(REQUEST, options={"a": 1}))


async def test_a_call_is_sent_with_the_headers_of_its_targets_account() -> None:
    transport = Scripted([b".\n"])
    endpoint = Endpoint("http://tiny/v1/", {"x-all": "yes"}, {"one": {"x-key": "1"}, "two": {"x-key": "2"}})
    provider = TinyProvider("tiny", TinyDialect(), endpoint, transport)
    for deployment in endpoint.deployments:
        context = replace(context_of(provider, REQUEST), target=Target("tiny", "tiny/m", deployment))
        async with aclosing(provider.generate(REQUEST, context)) as events:
            assert [event async for event in events]
    await provider.fetch(HttpRequest("GET", "/models"))
    assert [request.headers["x-key"] for request in transport.requests] == ["1", "2", "1"]
    assert {request.headers["x-all"] for request in transport.requests} == {"yes"}
    assert Endpoint("http://tiny").deployments == (Deployment(),)
    assert "x-key" not in repr(endpoint)
