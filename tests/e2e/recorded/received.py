"""An answer as a caller receives it, compared with what was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ymera.v1 import content_pb2, usage_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e.recorded.exchanges import Exchange

FINISH_REASONS = {
    "stop": content_pb2.FINISH_REASON_STOP,
    "length": content_pb2.FINISH_REASON_LENGTH,
    "tool_calls": content_pb2.FINISH_REASON_TOOL_CALLS,
    "content_filter": content_pb2.FINISH_REASON_CONTENT_FILTER,
}
INPUT_PRICE, OUTPUT_PRICE, CACHED_PRICE, WRITTEN_PRICE = 2, 3, 1, 5
"""Of every model, in micro-USD per token."""
USAGE = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached_input": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
    "reasoning_output": "reasoning_output_tokens",
}

OWN_TOOLS = r'"type":\s*"(server_tool_use|web_search_call)"|"(executableCode|codeExecutionResult|inlineData)"'
"""What a provider's own tools do, and media, which go back whole."""


class Received:
    """An answer as a caller gets it, in the words of `expect`."""

    def __init__(self) -> None:
        self.texts = {"text": "", "reasoning": "", "refusal": ""}
        self.calls: list[dict[str, str]] = []
        self.citations = 0
        self.blocks = 0
        self.finish_reason = content_pb2.FINISH_REASON_UNSPECIFIED
        self.usage = usage_pb2.Usage()

    @classmethod
    def whole(cls, answer: ymera_pb2.ExecuteResponse) -> Received:
        """Takes an answer in one piece."""
        received = cls()
        [message] = answer.messages
        for part in message.parts:
            match part.WhichOneof("kind"):
                case "tool_call":
                    received.call(part.tool_call.id, part.tool_call.name, part.tool_call.arguments)
                case "reasoning":
                    received.texts["reasoning"] += part.reasoning.text
                case "provider_block":
                    received.blocks += 1
                case kind:
                    received.texts[str(kind)] += getattr(part, str(kind))
        received.citations = len(answer.citations)
        received.finish_reason, received.usage = answer.finish_reason, answer.usage
        return received

    @classmethod
    def joined(cls, events: Iterable[ymera_pb2.ExecuteStreamResponse]) -> Received:
        """Joins the deltas of a stream."""
        received = cls()
        for event in events:
            received.texts["text"] += event.text_delta.text
            received.texts["reasoning"] += event.reasoning_delta.text
            received.texts["refusal"] += event.refusal_delta.text
            received.citations += event.HasField("citation")
            received.blocks += event.HasField("provider_block")
            if event.HasField("tool_call_delta"):
                delta = event.tool_call_delta
                if delta.index == len(received.calls):
                    received.call(delta.id, delta.name, "")
                received.calls[delta.index]["arguments"] += delta.arguments
            if event.HasField("completed"):
                received.finish_reason, received.usage = event.completed.finish_reason, event.completed.usage
        return received

    def call(self, id: str, name: str, arguments: str) -> None:
        """Takes a tool call."""
        self.calls.append({"id": id, "name": name, "arguments": arguments})

    def check(self, exchange: Exchange) -> None:
        """Asserts that the answer matches the recording and contains nothing else."""
        expect = exchange["expect"]
        assert self.texts == {name: expect.get(name, "") for name in self.texts}
        assert [_parsed(call, wanted) for call, wanted in zip(self.calls, expect["tool_calls"], strict=True)] == expect[
            "tool_calls"
        ]
        assert self.citations == expect.get("citations", 0)
        assert self.finish_reason == FINISH_REASONS[expect["finish_reason"]]
        body = exchange["response"].get("sse_text") or exchange["response"]["body_text"]
        assert bool(self.blocks) == bool(re.search(OWN_TOOLS, body))
        if "usage" in expect:
            self._check_usage({name: expect["usage"].get(name, 0) for name in USAGE}, exchange)
        else:
            assert self.usage.estimated

    def _check_usage(self, wanted: dict[str, int], exchange: Exchange) -> None:
        if not wanted["input"]:  # no answer costs nothing: the server estimates
            assert self.usage.estimated
            assert self.usage.input_tokens > 0
            return
        impossible = wanted["cached_input"] > wanted["input"]
        wanted["cached_input"] = min(wanted["cached_input"], wanted["input"])
        assert {name: getattr(self.usage, field) for name, field in USAGE.items()} == wanted
        assert self.usage.estimated == impossible
        billed = exchange["expect"]["usage"]
        if "billed_input" in billed:  # only these tokens are charged for
            cost = billed["billed_input"] * INPUT_PRICE + billed["billed_output"] * OUTPUT_PRICE
            assert self.usage.cost_micros == cost
            return
        body = exchange["response"].get("sse_text") or exchange["response"]["body_text"]
        if re.search(r'"cost(_in_usd_ticks)?":\s*(\{|[\d.]*[1-9])', body):
            assert self.usage.cost_micros > 0  # what the vendor charges
            return
        if re.search(r'"(web_search_requests|ephemeral_1h_input_tokens)":\s*[1-9]|"webSearchQueries":\s*\[\s*"', body):
            assert not self.usage.HasField("cost_micros")  # what searches cost, or a cache for an hour, is not known
            return
        fresh = wanted["input"] - wanted["cached_input"] - wanted["cache_write"]
        cost = fresh * INPUT_PRICE + wanted["cached_input"] * CACHED_PRICE + wanted["output"] * OUTPUT_PRICE
        assert self.usage.cost_micros == cost + wanted["cache_write"] * WRITTEN_PRICE


async def check_streamed(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, request: ymera_pb2.ExecuteStreamRequest, expect: Mapping[str, Any]
) -> None:
    """Asserts that the text and the end of a stream are those of a recording."""
    text, last = "", ymera_pb2.ExecuteStreamResponse()
    async for event in stub.ExecuteStream(request, timeout=30):
        text += event.text_delta.text
        last = event
    assert text == expect["text"]
    assert last.completed.finish_reason == FINISH_REASONS[expect["finish_reason"]]


def _parsed(call: dict[str, str], wanted: dict[str, Any]) -> dict[str, Any]:
    """A call in the form that is wanted: with arguments that are an object, or their raw text; without a made-up id."""
    found: dict[str, Any] = {"id": call["id"]} if "id" in wanted else {}
    assert call["id"]
    if "arguments_raw" in wanted:
        return found | {"name": call["name"], "arguments_raw": call["arguments"]}
    return found | {"name": call["name"], "arguments": json.loads(call["arguments"])}
