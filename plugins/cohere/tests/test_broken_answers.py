"""Whatever happens to an answer, the decoder makes events and one end of it."""

from collections.abc import Sequence

from ymera_cohere.decoder import ChatDecoder

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .test_contract import calls, chat_stream, chat_whole, event

PIECES = ('{"city": ', '"Paris"}')
TEXT = [{"type": "text", "text": "Hello 🌍"}]


class TestChat(DecoderContract):
    def decoder(self) -> Decoder:
        return ChatDecoder()

    def bodies(self) -> Sequence[bytes]:
        citation = {"start": 0, "end": 5, "text": "Hello", "sources": [{"document": {"url": "https://a"}}]}
        return (
            chat_stream(
                event("tool-plan-delta", tool_plan="I will look."),
                event("tool-call-start", tool_calls=calls("")),
                *(event("tool-call-delta", tool_calls={"function": {"arguments": piece}}) for piece in PIECES),
                reason="TOOL_CALL",
            ),
            chat_stream(
                event("content-delta", content={"thinking": "hm"}),
                event("content-delta", content={"text": "Hello 🌍"}),
                event("citation-start", citations=citation),
                reason="COMPLETE",
            ),
            chat_whole({"content": TEXT, "tool_calls": [calls('{"city": "Paris"}')]}, "TOOL_CALL"),
        )
