"""Errors for bytes that are not a valid request."""

from hypothesis import given
from hypothesis import strategies as st
from ymera.v1 import content_pb2, ymera_pb2

from ymera_service.api.wire import MAX_STEPS, find_fault, reader
from ymera_service.resilience.memory import ByteBudget
from ymera_service.sdk.errors import InvalidRequest, RequestTooLarge

BUDGET = ByteBudget(1 << 20)
read = reader(ymera_pb2.ExecuteRequest, 1 << 20, BUDGET)


def request(*texts: str) -> ymera_pb2.ExecuteRequest:
    parts = [content_pb2.Part(text=text) for text in texts]
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=parts)
    return ymera_pb2.ExecuteRequest(prompt=content_pb2.Prompt(messages=[message]))


def fault(data: bytes) -> tuple[str, str]:
    error = read(data)
    assert isinstance(error, InvalidRequest)
    return error.violations[0].field, error.violations[0].description


def test_a_valid_request_is_parsed() -> None:
    assert read(request("hello").SerializeToString()) == request("hello")


def test_the_field_with_invalid_utf8_is_found() -> None:
    data = request("fine", "XXXX").SerializeToString().replace(b"XXXX", b"ab\xed\xa0")
    field, problem = fault(data)
    assert field == "prompt.messages[0].parts[1].text"
    assert "byte 2" in problem


def test_a_field_longer_than_its_message_is_named() -> None:
    data = request("hello").SerializeToString()
    assert fault(data[:-1])[0] == "prompt"


def test_a_message_over_the_limit_is_not_parsed() -> None:
    error = reader(ymera_pb2.ExecuteRequest, 1024, BUDGET)(b"\xff" * 1025)
    assert isinstance(error, RequestTooLarge)
    assert (error.metadata["size"], error.metadata["limit"]) == ("1025", "1024")


async def test_the_search_stops_in_a_long_message() -> None:
    field, problem = fault(b"\x78\x01" * (MAX_STEPS + 1) + b"\xff")
    assert field == "request"
    assert "can't be parsed" in problem


def test_bytes_nested_too_deeply_are_rejected() -> None:
    data = b""
    for _ in range(300):  # tool_result parts in tool_result parts
        part = content_pb2.Part.FromString(b"")
        part.tool_result.parts.add()
        inner = bytes([0x12]) + _length(len(data)) + data
        data = bytes([0x32]) + _length(len(inner)) + inner
    assert find_fault(data, content_pb2.Part.DESCRIPTOR).description.startswith("is nested deeper")


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_typed_error(data: bytes) -> None:
    result = read(data)
    assert isinstance(result, (ymera_pb2.ExecuteRequest, InvalidRequest))


@given(st.text(max_size=20), st.data())
def test_a_message_with_a_flipped_byte_is_a_request_or_a_typed_error(text: str, data: st.DataObject) -> None:
    encoded = bytearray(request(text, "more").SerializeToString())
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] = data.draw(st.integers(0, 255))
    result = read(bytes(encoded))
    assert isinstance(result, (ymera_pb2.ExecuteRequest, InvalidRequest))
