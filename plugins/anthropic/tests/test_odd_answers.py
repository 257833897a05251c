"""Answers that are odd, broken or random."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ymera_anthropic.decoder import MessagesDecoder

from ymera_service.sdk.errors import (
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Finished,
    ProviderEvent,
    TextDelta,
)
from ymera_service.sdk.testing.answers import Answer

Record = Mapping[str, Any]

START: Record = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 5, "output_tokens": 1}},
}
STOP: Record = {"type": "message_stop"}


def begin(index: int, **block: Any) -> Record:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **content: Any) -> Record:
    return {"type": "content_block_delta", "index": index, "delta": content}


def end(index: int) -> Record:
    return {"type": "content_block_stop", "index": index}


def because(reason: str | None, usage: Record | None = None, **more: Any) -> Record:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": usage or {"output_tokens": 7}}


def streamed(*events: Record) -> list[ProviderEvent | ProviderError]:
    body = b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)
    return decoded(body)


def decoded(body: bytes) -> list[ProviderEvent | ProviderError]:
    decoder = MessagesDecoder()
    return [*decoder.feed(body), *decoder.close()]


def answer_of(*events: Record) -> Answer:
    return Answer.of(event for event in streamed(*events) if not isinstance(event, ProviderError))


def chunk(words: str) -> bytes:
    """A delta of text, escaped as it stands here."""
    return (
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n' % words.encode()
    )


def started(rest: bytes, *, end: bool = True) -> list[ProviderEvent | ProviderError]:
    """Decodes a stream of one text block that goes on with these bytes."""
    ends = [because("end_turn"), STOP] if end else []
    before, after = (
        b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in events)
        for events in ([START, begin(0, type="text", text="")], ends)
    )
    return decoded(before + rest + after)


def test_an_emoji_in_two_escaped_halves_is_one_character() -> None:
    events = started(chunk("a\\ud83d") + chunk("\\ude00b"))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "a\U0001f600b"
    assert isinstance(events[-1], Finished)


def test_a_number_that_is_none_in_a_member_that_is_not_read_is_passed_over() -> None:
    events = started(b'data: {"type":"ping","cost":NaN,"more":[Infinity,-Infinity]}\n\n' + chunk("a"))
    assert TextDelta("a") in events
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(
    "body",
    [
        b'{"content": [{"type": "text", "text": "a"}]}',
        b"".join([b"data: %b\n\n" % orjson.dumps(event) for event in (START, begin(0, type="text", text="a"), STOP)]),
    ],
)
def test_a_byte_order_mark_is_passed_over(body: bytes) -> None:
    for size in (1, 2, 100_000):
        decoder = MessagesDecoder()
        marked = b"\xef\xbb\xbf" + body
        events = [event for at in range(0, len(marked), size) for event in decoder.feed(marked[at : at + size])]
        events += decoder.close()
        assert TextDelta("a") in events
        assert isinstance(events[-1], Finished)


def test_an_end_within_a_character_is_an_interruption() -> None:
    assert isinstance(started(chunk("ä").split(b"\xa4")[0], end=False)[-1], StreamInterrupted)


def test_an_error_in_plain_words_is_understood() -> None:
    assert isinstance(started(b"event: error\ndata: Overloaded\n\n", end=False)[-1], ProviderOverloaded)


def test_what_is_wrong_is_named_by_its_path() -> None:
    failed = streamed(START, begin(0, type="text", text=""), delta(0, type="text_delta", text=7))[-1]
    assert isinstance(failed, MalformedResponse)
    assert failed.message.startswith("delta.text: ")


def test_a_second_start_within_one_answer_is_malformed() -> None:
    assert isinstance(streamed(START, START)[-1], MalformedResponse)


scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
NAMES = """
type index delta content_block message usage error content text thinking signature input partial_json citations citation
stop_reason stop_sequence stop_details data id name model category input_tokens output_tokens output_tokens_details
thinking_tokens
"""
KINDS = """
message_start content_block_start content_block_delta content_block_stop message_delta message_stop ping error text
text_delta thinking thinking_delta signature_delta redacted_thinking tool_use input_json_delta citations_delta
server_tool_use
"""
names = st.sampled_from(NAMES.split())
kinds = st.sampled_from(KINDS.split())
values = st.recursive(
    scalars | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
events_of_any_shape = st.dictionaries(names, values, max_size=5) | st.fixed_dictionaries(
    {"type": kinds}, optional={"index": st.integers(0, 2), "delta": values, "content_block": values, "message": values}
)


def check_only_provider_errors(events: list[ProviderEvent | ProviderError]) -> None:
    assert isinstance(events[-1], Finished | ProviderError)
    assert not any(isinstance(event, Finished | ProviderError) for event in events[:-1])


@given(body=st.binary(max_size=200), lead=st.sampled_from([b"", b"data: ", b"{", b"\xef\xbb\xbf", b"event: error\n"]))
@example(body=b"", lead=b"\xef\xbb\xbf")
def test_random_bytes_give_nothing_but_provider_errors(body: bytes, lead: bytes) -> None:
    check_only_provider_errors(decoded(lead + body))


@given(events=st.lists(events_of_any_shape | values, max_size=8))
def test_random_events_give_nothing_but_provider_errors(events: list[Any]) -> None:
    lines = [orjson.dumps(event, default=str) for event in events if _writable(event)]
    check_only_provider_errors(decoded(b"".join(b"data: %b\n\n" % line for line in lines)))


@given(message=values)
def test_a_random_message_gives_nothing_but_provider_errors(message: Any) -> None:
    if _writable(message):
        check_only_provider_errors(decoded(orjson.dumps(message)))


def _writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:  # integers beyond 64 bits
        return False
    return True
