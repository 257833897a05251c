"""How the pieces of tool calls are joined, as vendors stream them."""

import json
from typing import Any

import pytest
from ymera_openai.chat_decoder import ChatDecoder

from ymera_service.sdk.errors import (
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Finished,
    ToolCallDelta,
)
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.decoder import Item


def sse(*chunks: object, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


def chat(body: bytes) -> list[Item]:
    decoder = ChatDecoder(lambda: "made-up")
    return [*decoder.feed(body), *decoder.close()]


def delta(finish: str | None = None, /, **fields: object) -> dict[str, Any]:
    return {"id": "1", "model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def calls(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The tool calls that a stream of these pieces amounts to: id, name and arguments."""
    items = chat(sse(*(delta(tool_calls=[piece]) for piece in pieces), delta("stop")))
    assert isinstance(items[-1], Finished)
    assert items[-1].reason is FinishReason.TOOL_CALLS
    joined: dict[int, list[str]] = {}
    for item in items:
        if isinstance(item, ToolCallDelta):
            call = joined.setdefault(item.index, [item.id, item.name, ""])
            assert call[0]
            assert call[1]
            call[2] += item.arguments
    return [(call[0], call[1], call[2]) for call in joined.values()]


def piece(
    arguments: object, id: str | None = None, name: str | None = None, index: int | None = None
) -> dict[str, Any]:
    function: dict[str, object] = {"arguments": arguments}
    found: dict[str, Any] = {"function": function | ({"name": name} if name else {})}
    return found | ({"id": id} if id else {}) | ({} if index is None else {"index": index})


def test_pieces_without_an_index_belong_to_the_latest_call() -> None:
    found = calls(piece('{"a"', "x", "f"), piece(":1}"), piece("{}", "y", "g"))
    assert found == [("x", "f", '{"a":1}'), ("y", "g", "{}")]


def test_whole_calls_that_all_have_index_0_are_distinguished_by_their_ids() -> None:
    assert calls(piece("{}", "x", "f", 0), piece("{}", "y", "f", 0)) == [("x", "f", "{}"), ("y", "f", "{}")]


def test_whole_calls_without_an_id_are_distinguished_by_being_whole() -> None:
    found = calls(piece('{"a":1}', None, "f", 0), piece('{"a":2}', None, "f", 0))
    assert found == [("made-up", "f", '{"a":1}'), ("made-up", "f", '{"a":2}')]


def test_id_and_name_may_be_repeated() -> None:
    assert calls(piece('{"a":', "x", "f", 0), piece("1}", "x", "f", 0)) == [("x", "f", '{"a":1}')]


def test_a_call_is_emitted_when_its_name_is_known() -> None:
    assert calls(piece('{"a":', "x", None, 0), piece("1}", None, "f", 0)) == [("x", "f", '{"a":1}')]


def test_calls_may_take_turns() -> None:
    found = calls(piece("", "x", "f", 0), piece("", "y", "g", 1), piece("{}", index=0), piece("[]", index=1))
    assert found == [("x", "f", "{}"), ("y", "g", "[]")]


def test_arguments_may_be_an_object_or_nothing() -> None:
    assert calls(piece({"a": 1}, "x", "f", 0), piece(None, "y", "g", 1)) == [("x", "f", '{"a":1}'), ("y", "g", "{}")]


def test_the_index_decides_whichever_id_a_later_piece_bears() -> None:
    found = calls(
        piece("", "x", "f", 0), piece('{"a"', "y", None, 0), piece(":1", "z", "f", 0), piece("}", None, None, 0)
    )
    assert found == [("x", "f", '{"a":1}')]


@pytest.mark.parametrize("index", [None, 0])
@pytest.mark.parametrize("arguments", [None, "", "{}"])
def test_two_calls_without_arguments_stay_two(arguments: str | None, index: int | None) -> None:
    for name in ("f", "g"):
        found = calls(piece(arguments, "x", "f", index), piece(arguments, "y", name, index))
        assert found == [("x", "f", "{}"), ("y", name, "{}")]


def test_a_call_that_is_broken_off_never_ends_an_answer() -> None:
    half = delta(tool_calls=[piece('{"a":', "x", "f", 0)])
    assert isinstance(chat(sse(half))[-1], StreamInterrupted)
    assert isinstance(chat(sse(half, end=""))[-1], StreamInterrupted)
    assert isinstance(chat(sse(half, delta("length")))[-1], Finished)
    for reason in ("stop", "tool_calls", "eos"):
        assert isinstance(chat(sse(half, delta(reason)))[-1], StreamInterrupted)
    whole = {"choices": [{"message": half["choices"][0]["delta"]}]}
    assert isinstance(chat(json.dumps(whole).encode())[-1], StreamInterrupted)


@pytest.mark.parametrize("arguments", ["null", "[1]", '{"a": 1}}', "not JSON", "{'a': 1}"])
def test_arguments_that_are_whole_but_not_an_object_are_passed_on(arguments: str) -> None:
    assert calls(piece(arguments, "x", "f", 0)) == [("x", "f", arguments)]


def test_the_input_of_a_custom_tool_is_free_text() -> None:
    custom = {"index": 0, "id": "x", "type": "custom", "custom": {"name": "f", "input": '{"a'}}
    assert calls(custom) == [("x", "f", '{"a')]


def test_the_old_function_call_is_a_call() -> None:
    items = chat(sse(delta(function_call={"name": "f", "arguments": "{}"}), delta("function_call")))
    assert ToolCallDelta(0, "made-up", "f", "{}") in items
    assert items[-1] == Finished(FinishReason.TOOL_CALLS, "function_call")
