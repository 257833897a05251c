"""Whatever happens to an answer, the decoders make events and one end of it."""

from collections.abc import Sequence
from typing import Any

import orjson
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .test_contract import (
    CALL,
    CALL_DELTAS,
    FUNCTION,
    THOUGHT,
    chat,
    chat_stream,
    response,
    response_stream,
    said,
    text_deltas,
)

FUNCTION_CALL = {**FUNCTION, "arguments": '{"city":"Paris"}'}
ARGUMENTS, TEXT = "response.function_call_arguments.delta", "response.output_text.delta"
CITED: dict[str, Any] = {
    "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a", "start_index": 0, "end_index": 2}}]
}
THINKING: list[dict[str, Any]] = [
    {"reasoning_content": "hm"},
    {"reasoning_details": [{"type": "reasoning.text", "text": "so", "index": 0}]},
]


class TestChatDecoder(DecoderContract):
    def decoder(self) -> Decoder:
        return ChatDecoder()

    def bodies(self) -> Sequence[bytes]:
        return (
            chat_stream(CALL_DELTAS, "tool_calls"),
            chat_stream([*THINKING, *text_deltas("Grüße! ", "1 2 3"), CITED], "stop"),
            chat({"content": "Hi", "refusal": "no", "tool_calls": [CALL], **CITED}, "tool_calls"),
        )


class TestChatDecoderOfTags(TestChatDecoder):
    def decoder(self) -> Decoder:
        return ChatDecoder(tags=True)


class TestResponsesDecoder(DecoderContract):
    def decoder(self) -> Decoder:
        return ResponsesDecoder()

    def bodies(self) -> Sequence[bytes]:
        return (
            response_stream(FUNCTION_CALL, ARGUMENTS, '{"city":', '"Paris"}'),
            response_stream(said("Grüße! 1 2 3"), TEXT, "Grüße! ", "1 2 3"),
            orjson.dumps(response(THOUGHT, FUNCTION_CALL, said("Hi"))),
        )
