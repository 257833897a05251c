"""Whatever happens to an answer, the decoder makes events and one end of it."""

from collections.abc import Sequence

import orjson
from ymera_gemini.decoder import GenerateContentDecoder

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.contracts.decoders import DecoderContract

from .test_contract import CALL, TEXT, chunk, stream, text_stream

THOUGHT = {"text": "hm", "thought": True, "thoughtSignature": "c2lnbmVk"}


class TestGenerateContent(DecoderContract):
    def decoder(self) -> Decoder:
        return GenerateContentDecoder()

    def bodies(self) -> Sequence[bytes]:
        chunks = chunk(THOUGHT, CALL), chunk(finishReason="STOP")
        return (
            text_stream(TEXT),
            stream(*chunks),
            orjson.dumps(chunk(THOUGHT, CALL, {"text": TEXT}, finishReason="STOP")),
            b"[" + b",\n".join(map(orjson.dumps, chunks)) + b"]",
        )
