"""The contracts of providers."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError
from ymera_service.sdk.generation import (
    FinishReason,
    GenerateRequest,
    Prompt,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import HttpRequest, Transport
from ymera_service.sdk.models import Capability
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.checks import providers as checks
from ymera_service.sdk.testing.checks import sent
from ymera_service.sdk.testing.checks.names import check_name
from ymera_service.sdk.testing.recorded import (
    Cut,
    CutOff,
    Exchange,
    RecordedTransport,
    Reset,
    Stall,
    each_byte,
    each_event,
    each_line,
    randomly,
)

CUTS = {"bytes": each_byte, "lines": each_line, "events": each_event, "random": randomly(1), "pairs": randomly(2, 2)}
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529)
ODD_BODIES = (
    b"",
    b"<html>Bad gateway</html>",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"no"',
    b'{"error":',
    b"\xff\xfe\x00",
    b'{"error": null}',
    b'{"error": "no"}',
    b'{"error": {"message": 7}}',
    b'data: {"error"\n\n',
    b"data: 7\n\n",
)


def _object_of(field: str) -> str:
    schema = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
    return json.dumps({**schema, "additionalProperties": False})


WEATHER = Tool("get_weather", "Returns the weather of a city.", _object_of("city"))
NEED_TOOL = Prompt(
    (user("What is the weather in Paris?"),), tools=(WEATHER,), tool_choice=ToolChoice(ToolChoiceMode.REQUIRED)
)
NEED_JSON = Prompt(
    (user("Name a colour."),),
    response_format=ResponseFormat(ResponseType.JSON_SCHEMA, "colour", _object_of("colour")),
)

TURNS = Prompt(
    (
        Message(Role.SYSTEM, (Text("Rule-one"),)),
        Message(Role.USER, (Text("Question-one"), Text("Question-one-more"))),
        Message(Role.ASSISTANT, (Text("Answer-one"),)),
        Message(Role.USER, (Text("Question-two"),)),
    )
)
TOOL_RESULT = Prompt(
    (
        Message(Role.USER, (Text("Question-one"),)),
        Message(Role.ASSISTANT, (ToolCall("call_1", "get_weather", '{"city": "Paris"}'),)),
        Message(Role.TOOL, (ToolResult("call_1", (Text("Result-sunny"),)),)),
    ),
    tools=(WEATHER,),
)
IMAGE = Prompt(
    (Message(Role.USER, (Text("Look-here"), Media(MediaKind.IMAGE, "image/png", b"\x89PNG\r\n\x1a\npicture"))),)
)
LIMIT = 43

either_way = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "unary"])


class ProviderContract:
    """Define a fixture `provider` that returns the same answer to the same request.

    Its first model is called with the fixtures `prompt` and `other_prompt`, which may be overridden. Tools and
    structured output are tested with a model that declares them.
    """

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    def prompt(self) -> Prompt:
        """The prompt of most calls."""
        return Prompt((user("Say hello to the world, and count to five."),))

    @pytest.fixture
    def other_prompt(self) -> Prompt:
        """The prompt of concurrent calls."""
        return Prompt((user("Name three rivers of France."),))

    @pytest.fixture
    def known_prices(self) -> Mapping[str, tuple[float, float]]:
        """USD per million tokens of input and output, by model, as the vendor publishes them."""
        return {}

    @pytest.fixture
    def open_connections(self, recorded_transports: list[RecordedTransport]) -> Callable[[], int]:
        """Returns the number of open connections to the upstream."""
        return lambda: sum(transport.open_streams for transport in recorded_transports)

    def test_its_name_is_valid(self, provider: Provider) -> None:
        check_name(provider.name)

    @pytest.mark.asyncio
    async def test_its_models_are_valid(self, provider: Provider) -> None:
        checks.check_models(await provider.models())

    @either_way
    @pytest.mark.asyncio
    async def test_the_events_of_an_answer_are_in_order(self, provider: Provider, prompt: Prompt, stream: bool) -> None:
        checks.check_events(await events_of(provider, await _request(provider, prompt, stream)))

    @pytest.mark.asyncio
    async def test_unary_and_streamed_give_the_same_answer(self, provider: Provider, prompt: Prompt) -> None:
        streamed = await _answer(provider, await _request(provider, prompt, stream=True))
        unary = await _answer(provider, await _request(provider, prompt, stream=False))
        assert streamed == unary

    @either_way
    @pytest.mark.asyncio
    async def test_a_call_that_is_closed_early_releases_everything(
        self, provider: Provider, prompt: Prompt, stream: bool, open_connections: Callable[[], int]
    ) -> None:
        request = await _request(provider, prompt, stream)
        for after in range(5):
            await checks.check_early_close(provider, request, after, open_connections)

    @either_way
    @pytest.mark.asyncio
    async def test_a_cancelled_call_ends_immediately(
        self, provider: Provider, prompt: Prompt, stream: bool, open_connections: Callable[[], int]
    ) -> None:
        request = await _request(provider, prompt, stream)
        for steps in range(8):
            await checks.check_cancellation(provider, request, steps, open_connections)

    @either_way
    @pytest.mark.asyncio
    async def test_concurrent_calls_do_not_mix(
        self, provider: Provider, prompt: Prompt, other_prompt: Prompt, stream: bool
    ) -> None:
        requests = [await _request(provider, each, stream) for each in (prompt, other_prompt, prompt)]
        await checks.check_concurrent_calls(provider, requests)

    @pytest.mark.asyncio
    async def test_its_prices_are_those_that_the_vendor_publishes(
        self, provider: Provider, known_prices: Mapping[str, tuple[float, float]]
    ) -> None:
        checks.check_known_prices(await provider.models(), known_prices)

    @pytest.mark.asyncio
    async def test_the_event_loop_is_not_held(self, provider: Provider, prompt: Prompt) -> None:
        await checks.check_never_blocks(provider, await _request(provider, prompt, stream=True))

    @pytest.mark.asyncio
    async def test_the_limit_of_output_tokens_is_kept(self, provider: Provider, prompt: Prompt) -> None:
        limited = replace(prompt, sampling=Sampling(max_output_tokens=1))
        answer = await _answer(provider, await _request(provider, limited, stream=True))
        assert answer.usage is None or answer.usage.output_tokens <= 1, f"more than 1 token: {answer}"

    @either_way
    @pytest.mark.asyncio
    async def test_a_required_tool_is_called(self, provider: Provider, stream: bool) -> None:
        events = await events_of(provider, await _request(provider, NEED_TOOL, stream, Capability.TOOLS))
        checks.check_events(events)
        answer = Answer.of(events)
        assert answer.finish_reason is FinishReason.TOOL_CALLS
        for call in answer.tool_calls:
            checks.check_tool_call(call, NEED_TOOL.tools)

    @either_way
    @pytest.mark.asyncio
    async def test_structured_output_is_json(self, provider: Provider, stream: bool) -> None:
        request = await _request(provider, NEED_JSON, stream, Capability.STRUCTURED_OUTPUT)
        checks.check_json((await _answer(provider, request)).text)


class HttpProviderContract(ProviderContract):
    """Define `connect()` and a fixture `exchanges`: the recorded responses to the contract's requests.

    Those are the list of models and an answer to `generate`, streamed and unary. The contract splits them into
    pieces, cuts them off and replaces them with faults.
    """

    def connect(self, transport: Transport) -> Provider:
        """Returns the provider over a transport."""
        raise NotImplementedError("define `connect(self, transport)`")

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        """The responses of the upstream."""
        raise NotImplementedError("define a fixture `exchanges`")

    @pytest.fixture
    def provider(self, exchanges: Sequence[Exchange], recorded_http: Callable[..., RecordedTransport]) -> Provider:
        """The provider over the recorded upstream."""
        return self.connect(recorded_http(*exchanges))

    @either_way
    @pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
    @pytest.mark.asyncio
    async def test_the_answer_does_not_depend_on_how_its_bytes_arrive(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool, cut: Cut
    ) -> None:
        request = await _request(provider, prompt, stream)
        in_pieces = self._over(*(replace(each, cut=cut) for each in exchanges))
        events = await events_of(in_pieces, request)
        checks.check_events(events)
        assert Answer.of(events) == await _answer(provider, request)

    @either_way
    @pytest.mark.asyncio
    async def test_part_of_an_answer_is_never_reported_as_the_whole(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool
    ) -> None:
        request = await _request(provider, prompt, stream)
        whole = await _answer(provider, request)
        for end in _some_of(max(len(each.body) for each in exchanges)):
            ended = self._over(*(replace(each, body=each.body[:end]) for each in exchanges))
            await checks.check_whole_or_failed(ended, request, whole)

    @either_way
    @pytest.mark.asyncio
    async def test_a_broken_connection_is_a_provider_error(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool
    ) -> None:
        request = await _request(provider, prompt, stream)
        await checks.check_failure(self._over(*(replace(each, fault=CutOff(1)) for each in exchanges)), request)
        reset = self._over(*(replace(each, fault=Reset()) for each in exchanges))
        assert isinstance(await checks.check_failure(reset, request), ConnectionFailed)

    @either_way
    @pytest.mark.asyncio
    async def test_an_answer_that_breaks_off_is_not_reported_as_whole(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool
    ) -> None:
        request = await _request(provider, prompt, stream)
        whole = await _answer(provider, request)
        for end in _some_of(max(len(each.body) for each in exchanges), 40):
            broken = self._over(*(replace(each, fault=CutOff(end)) for each in exchanges))
            await checks.check_whole_or_failed(broken, request, whole)

    @either_way
    @pytest.mark.asyncio
    async def test_every_turn_is_sent(self, exchanges: Sequence[Exchange], stream: bool) -> None:
        sent.check_sent(await self._sent(exchanges, TURNS, stream), TURNS)

    @either_way
    @pytest.mark.asyncio
    async def test_tool_calls_and_their_results_are_sent(self, exchanges: Sequence[Exchange], stream: bool) -> None:
        sent.check_sent(await self._sent(exchanges, TOOL_RESULT, stream, Capability.TOOLS), TOOL_RESULT)

    @either_way
    @pytest.mark.asyncio
    async def test_images_are_sent(self, exchanges: Sequence[Exchange], stream: bool) -> None:
        sent.check_sent(await self._sent(exchanges, IMAGE, stream, Capability.IMAGE_INPUT), IMAGE)

    @pytest.mark.asyncio
    async def test_tools_and_the_choice_among_them_are_sent(self, exchanges: Sequence[Exchange]) -> None:
        choices = (ToolChoice(), ToolChoice(ToolChoiceMode.REQUIRED), ToolChoice(ToolChoiceMode.NONE))
        prompts = [replace(NEED_TOOL, tool_choice=choice) for choice in choices]
        requests = [await self._sent(exchanges, prompt, True, Capability.TOOLS) for prompt in prompts]
        assert WEATHER.name.encode() in requests[0].body, "the request does not contain the tool"
        assert len({request.body for request in requests}) == len(choices), "the choice among tools is not sent"

    @pytest.mark.asyncio
    async def test_the_schema_of_the_answer_is_sent(self, exchanges: Sequence[Exchange]) -> None:
        request = await self._sent(exchanges, NEED_JSON, True, Capability.STRUCTURED_OUTPUT)
        assert b"colour" in request.body.replace(b"Name a colour", b""), "the request does not contain the schema"

    @pytest.mark.asyncio
    async def test_the_limit_of_output_tokens_is_kept(  # type: ignore[override]  # a recording keeps no limit
        self, exchanges: Sequence[Exchange], prompt: Prompt
    ) -> None:
        request = await self._sent(exchanges, replace(prompt, sampling=Sampling(max_output_tokens=LIMIT)), True)
        assert str(LIMIT).encode() in request.body, "the request does not contain the limit of output tokens"

    @pytest.mark.parametrize("status", sent.OF_STATUS)
    @pytest.mark.asyncio
    async def test_the_type_of_an_error_fits_its_status(self, provider: Provider, prompt: Prompt, status: int) -> None:
        request = await _request(provider, prompt, stream=True)
        error = await checks.check_failure(self._over(Exchange(b"", status)), request)
        sent.check_class(error, status)

    @pytest.mark.asyncio
    async def test_no_error_contains_a_credential(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt
    ) -> None:
        request = await _request(provider, prompt, stream=True)
        credentials = sent.credentials_of(await self._sent(exchanges, prompt, True))
        faulty = [Exchange(body, status) for status in STATUSES for body in (b"", b"{}")]
        for fault in [*faulty, Exchange(b"\xff"), Exchange(fault=Reset())]:
            sent.check_discreet(await checks.check_failure(self._over(fault), request), credentials)

    @either_way
    @pytest.mark.parametrize("status", STATUSES)
    @pytest.mark.asyncio
    async def test_any_error_status_is_a_provider_error(
        self, provider: Provider, prompt: Prompt, stream: bool, status: int
    ) -> None:
        request = await _request(provider, prompt, stream)
        for body in ODD_BODIES:
            await checks.check_failure(self._over(Exchange(body, status)), request)

    @either_way
    @pytest.mark.asyncio
    async def test_a_malformed_success_is_a_provider_error(
        self, provider: Provider, prompt: Prompt, stream: bool
    ) -> None:
        request = await _request(provider, prompt, stream)
        for body in ODD_BODIES:
            await checks.check_failure(self._over(Exchange(body)), request)

    @either_way
    @pytest.mark.parametrize("after", [None, 0, 1])
    @pytest.mark.asyncio
    async def test_a_call_of_a_stalled_upstream_can_be_cancelled(
        self, provider: Provider, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool, after: int | None
    ) -> None:
        request = await _request(provider, prompt, stream)
        silent = RecordedTransport(*(replace(each, fault=Stall(after)) for each in exchanges))
        await checks.check_cancelled_when(
            self.connect(silent), request, silent.stalled.wait, lambda: silent.open_streams
        )

    async def _sent(
        self, exchanges: Sequence[Exchange], prompt: Prompt, stream: bool, capability: Capability | None = None
    ) -> HttpRequest:
        """Returns the request that is sent for a prompt; the answer does not matter, nor whether one is recorded."""
        transport = RecordedTransport(*exchanges)
        provider = self.connect(transport)
        request = await _request(provider, prompt, stream, capability)
        transport.requests.clear()
        with suppress(ProviderError, AssertionError):
            await events_of(provider, request)
        assert transport.requests, "nothing was sent for a prompt that the model should accept"
        return transport.requests[-1]

    def _over(self, *exchanges: Exchange) -> Provider:
        return self.connect(RecordedTransport(*exchanges))


async def _request(
    provider: Provider, prompt: Prompt, stream: bool, capability: Capability | None = None
) -> GenerateRequest:
    for model in await provider.models():
        if capability is None or capability in model.capabilities:
            return GenerateRequest(model.name, prompt, stream)
    pytest.skip(f"no model declares {capability}")


async def _answer(provider: Provider, request: GenerateRequest) -> Answer:
    return Answer.of(await events_of(provider, request))


def _some_of(length: int, count: int = 400) -> range:
    return range(0, length, max(1, length // count))
