"""Whatever happens to an answer, the decoders make events and one end of it."""

from base64 import b64encode
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_bedrock.api import Api
from ymera_bedrock.decoder import ConverseDecoder, InvokeDecoder
from ymera_bedrock.event_stream import EventStreamParser
from ymera_bedrock.invoke import FORMATS

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.broken import broken_bodies, cuts, parts
from ymera_service.sdk.testing.checks.decoders import check_decoded, decoded
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .frames import frame
from .test_contract import TEXT, called, said


class TestConverse(DecoderContract):
    def decoder(self) -> Decoder:
        return ConverseDecoder()

    def bodies(self) -> Sequence[bytes]:
        return (*called(), *said(TEXT))

    def split(self, body: bytes) -> list[bytes]:
        """Returns the messages of an event stream, which are whole whatever happens to them."""
        return [body] if body.startswith(b"{") else messages(body)


def messages(body: bytes) -> list[bytes]:
    headers = ((message.headers, message.payload) for message in EventStreamParser().feed(body))
    return [frame({name: str(value) for name, value in each.items()}, payload) for each, payload in headers]


DOCUMENTS = {
    Api.MESSAGES: (
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "c", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ),
    Api.NOVA: (
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}},
        {"contentBlockStart": {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c", "name": "f"}}}},
        {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"a": 1}'}}}},
        {"messageStop": {"stopReason": "tool_use"}},
        {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 2}}},
    ),
    Api.CHAT_COMPLETIONS: (
        {"id": "m", "choices": [{"delta": {"reasoning_content": "hm", "content": "Hi"}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1}'}}]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 3}},
    ),
    Api.COMPLETIONS: ({"choices": [{"text": "Hi"}]}, {"choices": [{"text": "", "finish_reason": "stop"}]}),
    Api.TEXT_COMPLETIONS: ({"completion": "Hi"}, {"completion": "", "stop_reason": "stop_sequence"}),
}
"""The documents of a stream, each a line here, so that they are broken before they are framed."""
WHOLE = {
    Api.MESSAGES: {
        "content": [{"type": "text", "text": "Hi"}, {"type": "tool_use", "id": "c", "name": "f", "input": {}}]
    },
    Api.NOVA: {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn"},
    Api.CHAT_COMPLETIONS: {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]},
    Api.COMPLETIONS: {"choices": [{"text": "Hi", "finish_reason": "stop"}]},
    Api.TEXT_COMPLETIONS: {"completion": "Hi", "stop_reason": "stop_sequence"},
}


@pytest.mark.parametrize("api", FORMATS)
@given(data=st.data())
def test_a_broken_answer_of_invoke_model_becomes_events_and_one_end(api: Api, data: st.DataObject) -> None:
    streamed = b"".join(orjson.dumps(each) + b"\n" for each in DOCUMENTS[api])
    body = data.draw(broken_bodies([streamed, orjson.dumps(WHOLE[api])], parts))
    if data.draw(st.booleans()):
        headers = {":event-type": "chunk", ":message-type": "event"}
        body = b"".join(
            frame(headers, orjson.dumps({"bytes": b64encode(line).decode()})) for line in body.splitlines() if line
        )
    check_decoded(decoded(InvokeDecoder(FORMATS[api]), data.draw(cuts(body))), len(body))
