"""Whatever happens to an answer, the decoder makes events and one end of it."""

from collections.abc import Sequence

from ymera_ollama.decoder import ChatDecoder

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .test_contract import CALL, COUNTS, line

END = line({}, done=True, done_reason="stop", **COUNTS)


class TestChat(DecoderContract):
    def decoder(self) -> Decoder:
        return ChatDecoder()

    def bodies(self) -> Sequence[bytes]:
        return (
            line({"thinking": "hm"}) + line({"content": "Hello "}) + line({"content": "wörld 🌍"}) + END,
            line({"content": "", "tool_calls": [CALL]}) + END,
            line({"content": "Hello", "tool_calls": [CALL]}, done=True, done_reason="stop", **COUNTS),
        )
