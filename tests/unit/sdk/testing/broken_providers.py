"""A sound provider and fifteen that are broken in one way each, every one of them under the kit's contract.

pytest runs this file in a process of its own, see `test_broken_providers.py`; it is not collected by itself.
"""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from ymera_service.sdk import errors
from ymera_service.sdk.content import Media, Message, Part, Text, ToolCall, ToolResult
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, ToolCallDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, ResponseType, Usage
from ymera_service.sdk.http import Decoder, Endpoint, HttpProvider, HttpRequest, HttpResponse, Transport
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

KEY = "open-sesame-1234"
STATUSES: Mapping[int, type[errors.ProviderError]] = {
    401: errors.AuthenticationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    429: errors.RateLimited,
}
TEXT = b'{"say": "one "}\n{"say": "two "}\n{"say": "three"}\n{"end": "done", "in": 5, "out": 3}\n'
CALL = b'{"call": "get_weather", "arguments": "{}"}\n{"end": "tool", "in": 5, "out": 3}\n'
OBJECT = b'{"say": "{\\"colour\\": \\"blue\\"}"}\n{"end": "done", "in": 5, "out": 3}\n'
MODELS = b'{"models": ["small"]}'


class Dialect:
    """A format of lines of JSON, in which everything can be said."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        prompt = request.prompt
        body: dict[str, Any] = {
            "model": request.model,
            "stream": request.stream,
            "turns": [turn for message in prompt.messages for turn in self.turns(message)],
            "tools": [tool.name for tool in prompt.tools],
            "choice": prompt.tool_choice.mode,
            "limit": prompt.sampling.max_output_tokens,
        }
        if prompt.response_format.type is ResponseType.JSON_SCHEMA:
            body["schema"] = prompt.response_format.schema
        return HttpRequest("POST", "/answers", {}, json.dumps(body).encode())

    def turns(self, message: Message) -> Sequence[object]:
        return [{"who": message.role, "parts": [self.part(part) for part in message.parts]}]

    def part(self, part: Part) -> object:
        match part:
            case Text():
                return part.text
            case Media():
                return {"image": base64.b64encode(part.data).decode()}
            case ToolCall():
                return {"call": part.name, "arguments": part.arguments}
            case ToolResult():
                return {"result": [self.part(inner) for inner in part.parts]}
        raise errors.InvalidProviderRequest("this can't be expressed")

    def decoder(self, request: GenerateRequest) -> Decoder:
        return LineDecoder()

    def decode_error(self, response: HttpResponse) -> errors.ProviderError:
        kind = STATUSES.get(response.status)
        kind = kind or (errors.ProviderServerError if response.status >= 500 else errors.InvalidProviderRequest)
        return kind(f"status {response.status}", status=response.status)


class LineDecoder:
    """Decodes lines of JSON."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def feed(self, data: bytes) -> Sequence[ProviderEvent | errors.ProviderError]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        events: list[ProviderEvent | errors.ProviderError] = []
        for line in lines:
            events += self.events(json.loads(line)) if line and not self.ended else []
        return events

    def close(self) -> Sequence[ProviderEvent | errors.ProviderError]:
        return [] if self.ended else [errors.StreamInterrupted("the answer broke off")]

    def events(self, line: dict[str, Any]) -> list[ProviderEvent]:
        if "say" in line:
            return [TextDelta(line["say"])]
        if "call" in line:
            return [ToolCallDelta(0, "call_1", line["call"], line["arguments"])]
        self.ended = True
        reason = FinishReason.TOOL_CALLS if line["end"] == "tool" else FinishReason.STOP
        return [UsageReported(Usage(line["in"], line["out"])), Finished(reason)]


class Vendor(HttpProvider):
    """The sound provider."""

    dialect_type: type[Dialect] = Dialect
    price = Price(3_000_000, 15_000_000)

    def __init__(self, transport: Transport) -> None:
        endpoint = Endpoint("https://vendor.test", {"authorization": f"Bearer {KEY}"})
        super().__init__("vendor", self.dialect_type(), endpoint, transport)

    async def models(self) -> Sequence[ModelInfo]:
        names = json.loads((await self.fetch(HttpRequest("GET", "/models"))).body)["models"]
        capabilities = frozenset({Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT})
        return [ModelInfo(name, capabilities=capabilities, price=self.price) for name in names]


class Contract(HttpProviderContract):
    """The kit's contract, over recorded answers."""

    provider_type: type[Vendor] = Vendor

    def connect(self, transport: Transport) -> Provider:
        return self.provider_type(transport)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        return [
            Exchange(MODELS, path="/models"),
            Exchange(CALL, when=lambda request: b'"choice": "required"' in request.body),
            Exchange(OBJECT, when=lambda request: b'"schema"' in request.body),
            Exchange(TEXT),
        ]


class TestSound(Contract):
    pass


# What is left out of the request


class DropsToolResults(Dialect):
    def part(self, part: Part) -> object:
        return {"result": []} if isinstance(part, ToolResult) else super().part(part)


class DropsImages(Dialect):
    def part(self, part: Part) -> object:
        return "" if isinstance(part, Media) else super().part(part)


class DropsTurns(Dialect):
    def encode(self, request: GenerateRequest) -> HttpRequest:
        last = replace(request.prompt, messages=request.prompt.messages[-1:])
        return super().encode(replace(request, prompt=last))


class IgnoresLimits(Dialect):
    def encode(self, request: GenerateRequest) -> HttpRequest:
        sampling = replace(request.prompt.sampling, max_output_tokens=None)
        return super().encode(replace(request, prompt=replace(request.prompt, sampling=sampling)))


class IgnoresToolChoice(Dialect):
    def encode(self, request: GenerateRequest) -> HttpRequest:
        sent = super().encode(request)
        body = json.loads(sent.body)
        body["choice"] = "required" if body["tools"] else "auto"
        return replace(sent, body=json.dumps(body).encode())


# What is wrong with its errors and its answers


class WrongErrors(Dialect):
    def decode_error(self, response: HttpResponse) -> errors.ProviderError:
        return errors.ProviderServerError(f"status {response.status}")


class CrashingErrors(Dialect):
    def decode_error(self, response: HttpResponse) -> errors.ProviderError:
        return errors.InvalidProviderRequest(json.loads(response.body)["error"]["message"])


class EndsSilently(LineDecoder):
    def close(self) -> Sequence[ProviderEvent | errors.ProviderError]:
        return [] if self.ended else [Finished(FinishReason.STOP)]


class Silent(Dialect):
    def decoder(self, request: GenerateRequest) -> Decoder:
        return EndsSilently()


class SplitsBadly(LineDecoder):
    def feed(self, data: bytes) -> Sequence[ProviderEvent | errors.ProviderError]:
        events: list[ProviderEvent | errors.ProviderError] = []
        for line in data.splitlines():
            events += self.events(json.loads(line))
        return events


class Splitting(Dialect):
    def decoder(self, request: GenerateRequest) -> Decoder:
        return SplitsBadly()


class KeyInError(Vendor):
    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        try:
            async with aclosing(super().generate(request, context)) as events:
                async for event in events:
                    yield event
        except errors.ProviderError as error:
            raise type(error)(f"{error.message}, sent with {self.endpoint.headers}") from None


class SwallowsBreaks(Vendor):
    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        begun = False
        try:
            async with aclosing(super().generate(request, context)) as events:
                async for event in events:
                    begun = begun or isinstance(event, TextDelta)
                    yield event
        except errors.StreamInterrupted:
            if not begun:
                raise
            yield Finished(FinishReason.STOP)


class BlocksTheLoop(Vendor):
    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        time.sleep(0.15)  # noqa: ASYNC251  # the fault
        async with aclosing(super().generate(request, context)) as events:
            async for event in events:
                yield event


class HidesCancellation(Vendor):
    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        try:
            async with aclosing(super().generate(request, context)) as events:
                async for event in events:
                    yield event
        except asyncio.CancelledError:
            raise errors.StreamInterrupted("the answer broke off") from None


class MixesCalls(Vendor):
    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._written: list[str] = []

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self._written.clear()
        yield Accepted()
        async with aclosing(super().generate(request, context)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self._written.append(event.text)
                elif isinstance(event, Finished):
                    yield TextDelta("".join(self._written) or "nothing")
                    yield event
                elif not isinstance(event, Accepted):
                    yield event


class Overpriced(Vendor):
    price = Price(3_000_000_000, 15_000_000_000)


def _with(dialect: type[Dialect]) -> type[Vendor]:
    return type(dialect.__name__, (Vendor,), {"dialect_type": dialect})


class TestDropsToolResults(Contract):
    provider_type = _with(DropsToolResults)


class TestDropsImages(Contract):
    provider_type = _with(DropsImages)


class TestDropsTurns(Contract):
    provider_type = _with(DropsTurns)


class TestIgnoresLimits(Contract):
    provider_type = _with(IgnoresLimits)


class TestIgnoresToolChoice(Contract):
    provider_type = _with(IgnoresToolChoice)


class TestWrongErrors(Contract):
    provider_type = _with(WrongErrors)


class TestCrashingErrors(Contract):
    provider_type = _with(CrashingErrors)


class TestSilent(Contract):
    provider_type = _with(Silent)


class TestSplitting(Contract):
    provider_type = _with(Splitting)


class TestKeyInError(Contract):
    provider_type = KeyInError


class TestSwallowsBreaks(Contract):
    provider_type = SwallowsBreaks


class TestBlocksTheLoop(Contract):
    provider_type = BlocksTheLoop


class TestHidesCancellation(Contract):
    provider_type = HidesCancellation


class TestMixesCalls(Contract):
    provider_type = MixesCalls


class TestOverpriced(Contract):
    provider_type = Overpriced
