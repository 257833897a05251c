"""Random documents and bytes, of which a decoder makes nothing but events and one end."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_openai.bodies import OpenAiDecoder
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.sdk.testing.checks.decoders import check_decoded, decoded


def sse(*chunks: object, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


NAMES = [
    "id",
    "model",
    "choices",
    "delta",
    "message",
    "content",
    "text",
    "index",
    "finish_reason",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "usage",
    "error",
    "type",
    "code",
    "prompt_tokens",
    "completion_tokens_details",
    "reasoning_content",
    "reasoning_details",
    "annotations",
    "citations",
    "output",
    "item",
    "output_index",
    "response",
    "status",
    "summary",
    "function_call",
    "url_citation",
    "refusal",
    "thinking",
    "stop_reason",
    "x_groq",
    "object",
    "search_results",
]
KINDS = [f"response.{kind}" for kind in ("output_item.added", "output_item.done", "output_text.delta", "completed")]
KINDS += [
    "response.output_text.done",
    "response.function_call_arguments.delta",
    "response.failed",
    "message",
    "reasoning",
]
leaves = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.sampled_from(["", "a", *KINDS])
)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.lists(documents, max_size=4).map(lambda found: sse(*found)),
    documents.map(lambda found: json.dumps(found).encode()),
    st.lists(documents, max_size=4).map(lambda found: sse(*found, end="")[:-3]),
)


@pytest.mark.parametrize("decoder", [ChatDecoder, ResponsesDecoder])
@given(body=bodies, size=st.integers(1, 50))
def test_no_bytes_make_a_decoder_raise(decoder: Callable[[], OpenAiDecoder], body: bytes, size: int) -> None:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    check_decoded(decoded(decoder(), pieces), len(body))
