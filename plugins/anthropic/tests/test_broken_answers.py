"""Whatever happens to an answer, the decoder makes events and one end of it."""

from collections.abc import Sequence

from ymera_anthropic.decoder import MessagesDecoder

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .test_contract import CALL, TEXT, message, stream, text_stream

PIECES = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"ci', 'ty": "Par', 'is"}')]
THOUGHTS = [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "s"}]


class TestMessages(DecoderContract):
    def decoder(self) -> Decoder:
        return MessagesDecoder()

    def bodies(self) -> Sequence[bytes]:
        return (
            text_stream(TEXT["text"]),
            stream(CALL | {"input": {}}, *PIECES, stop_reason="tool_use"),
            stream({"type": "thinking", "thinking": ""}, *THOUGHTS, stop_reason="end_turn"),
            message(TEXT, CALL, stop_reason="tool_use"),
        )
