"""The contracts of providers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.generation import (
    FinishReason,
    GenerateRequest,
    Prompt,
    ResponseFormat,
    ResponseType,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import Transport
from ymera_service.sdk.models import Capability
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.checks import providers as checks
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


def _some_of(length: int) -> range:
    return range(0, length, max(1, length // 400))
