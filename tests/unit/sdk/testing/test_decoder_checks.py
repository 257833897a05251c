"""The checks of decoders find what they are for."""

import pytest

from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Finished, ReasoningDelta, TextDelta, ToolCallDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.testing.broken import parts
from ymera_service.sdk.testing.checks.decoders import Item, check_decoded

END = Finished(FinishReason.STOP)
HALF = ToolCallDelta(0, "c", "f", '{"a": "b')


class Novel(ProviderError):
    """Not in the taxonomy."""


@pytest.mark.parametrize(
    "items",
    [
        [TextDelta("Hi"), UsageReported(Usage(3, 4)), END],
        [TextDelta("Hi"), StreamInterrupted("cut")],
        [HALF, StreamInterrupted("cut")],
        [HALF, Finished(FinishReason.LENGTH)],
        [ToolCallDelta(0, "c", "f", '{"a": '), ToolCallDelta(0, arguments="1}"), Finished(FinishReason.TOOL_CALLS)],
        [MalformedResponse("no")],
    ],
)
def test_what_a_decoder_should_make_of_a_body_passes(items: list[Item]) -> None:
    check_decoded(items, 100)


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([], "nothing at all"),
        ([TextDelta("Hi")], "one end"),
        ([END, TextDelta("Hi")], "one end"),
        ([END, END], "one end"),
        ([TextDelta(""), END], "empty"),
        ([ReasoningDelta(""), END], "empty"),
        ([UsageReported(Usage(-1)), END], "negative"),
        ([UsageReported(Usage(1), total_tokens=-1), END], "negative"),
        ([HALF, END], "half a call"),
        ([HALF, Finished(FinishReason.TOOL_CALLS)], "half a call"),
        ([TextDelta("x" * 401), END], "401 characters"),
        ([Novel("no")], "taxonomy"),
    ],
)
def test_what_it_should_not_make_of_it_is_found(items: list[Item], problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        check_decoded(items, 100)


def test_a_body_is_divided_into_events_or_lines() -> None:
    assert parts(b"a\n\nb\r\n\r\nc\n") == [b"a\n\n", b"b\r\n\r\n", b"c\n"]
    assert parts(b"a\nb\r\nc") == [b"a\n", b"b\r\n", b"c"]
