"""What the API signed comes back to it at the part that it came with, through the messages of the contract."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.dialect import GeminiDialect
from ymera_gemini.signatures import Place, Signature, opened, sealed

from ymera_service.execution.answer import AnswerCollector
from ymera_service.sdk.content import Message, user
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest, Prompt

Record = Mapping[str, Any]

THOUGHT = {"text": "Hm.", "thought": True}
CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
OTHER_CALL = {"functionCall": {"id": "c2", "name": "f", "args": {}}}
SIGNED_TEXT = {"text": "Hello", "thoughtSignature": "dGV4dA=="}
SIGNED_THOUGHT = {"text": "Hm.", "thought": True, "thoughtSignature": "dGhvdWdodA=="}


def message_of(chunks: Iterable[list[Record]]) -> Message:
    """The message that a caller gets for an answer."""
    documents = [{"candidates": [{"content": {"parts": parts}}]} for parts in chunks]
    decoder = GenerateContentDecoder()
    collector = AnswerCollector()
    for document in documents:
        for event in decoder.feed(b"data: %b\n\n" % orjson.dumps(document)):
            assert not isinstance(event, ProviderError)
            collector.try_send(event)  # type: ignore[arg-type]  # those of a provider are among those of an execution
    return collector.message()


def sent_back(*chunks: list[Record]) -> list[Any]:
    """The parts that are sent for this answer in the next request."""
    request = GenerateRequest("gemini-3-flash-preview", Prompt((user("Hi"), message_of(chunks))))
    parts: list[Any] = orjson.loads(GeminiDialect().encode(request).body)["contents"][1]["parts"]
    return parts


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([CALL, OTHER_CALL], [CALL, OTHER_CALL]),
        ([THOUGHT, CALL, OTHER_CALL], [CALL, OTHER_CALL]),
        ([{"text": "First"}, CALL], [{"text": "First"}, CALL]),
        ([THOUGHT, SIGNED_TEXT], [SIGNED_TEXT]),
        ([SIGNED_TEXT, CALL], [SIGNED_TEXT, CALL]),
        ([SIGNED_THOUGHT, SIGNED_TEXT, CALL], [SIGNED_THOUGHT, SIGNED_TEXT, CALL]),
        ([{"text": "", "thoughtSignature": "ZW5k"}], [{"text": "", "thoughtSignature": "ZW5k"}]),
    ],
)
def test_a_signature_returns_to_its_part(parts: list[Record], expected: list[Record]) -> None:
    assert sent_back(parts) == expected
    assert sent_back(*([part] for part in parts)) == expected


def test_a_signature_at_the_end_of_a_stream_stays_apart() -> None:
    end = {"text": "", "thoughtSignature": "ZW5k"}
    assert sent_back([{"text": "Hel"}], [{"text": "lo"}], [end]) == [{"text": "Hello"}, end]


@given(value=st.text(st.characters(codec="ascii"), min_size=1), place=st.sampled_from(Place))
def test_a_seal_holds_signature_and_place(value: str, place: Place) -> None:
    seal = sealed(value, place)
    assert opened(seal) == Signature(place, value)
    with pytest.raises(UnicodeDecodeError):
        seal.decode()


@given(seal=st.binary())
def test_other_bytes_are_not_a_signature(seal: bytes) -> None:
    assert opened(seal) is None
    assert sealed("", Place.CALL) == b""


@given(rest=st.binary())
def test_a_broken_seal_is_not_a_signature(rest: bytes) -> None:
    found = opened(b"gemini\xff" + rest)
    assert found is None or sealed(found.value, found.place) == b"gemini\xff" + rest
