"""Reads requests off the wire, and finds out what is wrong with bytes that protobuf refuses.

protobuf only says that parsing failed, and grpc makes that an unknown error with a traceback. Here the
bytes are walked once more, only then, to name the field.
"""

from collections.abc import Callable
from typing import TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from ymera_service.resilience.memory import ByteBudget
from ymera_service.resilience.slots import RETRY_AFTER
from ymera_service.sdk.errors import FieldViolation, InvalidRequest, Overloaded, RequestTooLarge, YmeraError

M = TypeVar("M", bound=Message)

MAX_DEPTH = 100
"""protobuf's own limit of nesting."""
MAX_STEPS = 10_000
"""Values looked at before the search is given up: it runs on the event loop, some 10 ms at most."""


def reader(kind: type[M], max_bytes: int, budget: ByteBudget) -> Callable[[bytes], M | YmeraError]:
    """Returns a function that parses a request, or returns the error to send back.

    grpc calls it in the call's task when the whole message has arrived, so `budget` bounds what is made of messages,
    not their arrival.
    """
    parse, descriptor = kind.FromString, kind.DESCRIPTOR
    assert isinstance(descriptor, Descriptor)

    def read(data: bytes) -> M | YmeraError:
        if len(data) > max_bytes:
            return _too_large(len(data), max_bytes)
        if not budget.hold(len(data)):
            return _no_room(len(data), budget)
        try:
            return parse(data)
        except DecodeError:
            return InvalidRequest([find_fault(data, descriptor)])

    return read


def _too_large(size: int, max_bytes: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"the request has {size} bytes, above the server's limit of {max_bytes}; "
        "send media by uri, or have server.max_message_bytes raised",
        metadata={"field": "request", "size": str(size), "limit": str(max_bytes)},
    )


def _no_room(size: int, budget: ByteBudget) -> Overloaded:
    return Overloaded(
        f"requests under way have {budget.held} bytes, and with {size} more they would be above the server's limit of "
        f"{budget.limit} (server.max_bytes_in_flight); try again later",
        metadata={"field": "request", "size": str(size), "limit": str(budget.limit)},
        retry_after=RETRY_AFTER,
    )


class _Fault(Exception):
    """Where the walk found something wrong."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.violation = FieldViolation(path or "request", problem)


def find_fault(data: bytes, descriptor: Descriptor) -> FieldViolation:
    """Returns the first thing wrong with bytes that ought to be a message of this type."""
    try:
        _Walk(data).message(0, len(data), descriptor, "")
    except _Fault as fault:
        return fault.violation
    return FieldViolation("request", f"is not a valid {descriptor.full_name}; encode it with the published protos")


class _Walk:
    """Walks over encoded bytes, raising `_Fault` at the first thing wrong."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._steps = 0

    def message(self, start: int, end: int, descriptor: Descriptor, path: str) -> None:
        if path.count(".") > MAX_DEPTH:
            raise _Fault(path, f"is nested deeper than {MAX_DEPTH} levels")
        counts: dict[int, int] = {}
        while start < end:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise _Fault("", "can't be parsed; encode it with the published protos")
            tag, start = self._varint(start, end, path)
            number, wire_type = tag >> 3, tag & 7
            field = descriptor.fields_by_number.get(number)
            index = counts[number] = counts.get(number, -1) + 1
            here = _step(path, field, index)
            start = self._value(start, end, wire_type, field, here)

    def _value(self, start: int, end: int, wire_type: int, field: FieldDescriptor | None, path: str) -> int:
        match wire_type:
            case 0:
                return self._varint(start, end, path)[1]
            case 1:
                return _within(start + 8, end, path)
            case 5:
                return _within(start + 4, end, path)
            case 2:
                length, start = self._varint(start, end, path)
                stop = _within(start + length, end, path)
                self._contents(start, stop, field, path)
                return stop
        raise _Fault(path, f"has the wire type {wire_type}, which is not in use; encode it with the published protos")

    def _contents(self, start: int, stop: int, field: FieldDescriptor | None, path: str) -> None:
        if field is None:
            return
        if field.message_type is not None:
            self.message(start, stop, field.message_type, path)
        elif field.type == FieldDescriptor.TYPE_STRING:
            try:
                self._data[start:stop].decode()
            except UnicodeDecodeError as error:
                raise _Fault(path, f"is not UTF-8: {error.reason} at byte {error.start}") from None

    def _varint(self, start: int, end: int, path: str) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if start >= end:
                raise _Fault(path, f"ends in the middle of a value, at byte {start} of the request")
            byte = self._data[start]
            start += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, start
        raise _Fault(path, f"holds a number of more than 10 bytes before byte {start} of the request")


def _within(stop: int, end: int, path: str) -> int:
    if stop > end:
        raise _Fault(path, f"says it is longer than what holds it, by {stop - end} bytes")
    return stop


def _step(path: str, field: FieldDescriptor | None, index: int) -> str:
    if field is None:
        return path
    name = f"{field.name}[{index}]" if field.is_repeated else field.name
    return f"{path}.{name}" if path else name
