"""Joins the pieces of tool calls that vendors of chat completions stream."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import orjson

from ymera_service.sdk.events import ToolCallDelta
from ymera_service.sdk.wire.json_reader import Json, breaks_off, member, strict_object, text


def new_id() -> str:
    """Returns an id for a call that has none, so that its result can refer to it."""
    return f"call_{uuid4().hex}"


@dataclass(slots=True)
class _Call:
    number: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    announced: bool = False
    free: bool = False
    """Whether its input is free text, as that of OpenAI's custom tools."""


class ToolCalls:
    """The tool calls of one answer, numbered in the order in which they began.

    OpenAI numbers calls by `index` and sends `id` and name once. Other vendors omit the index or the id, give every
    call index 0, repeat id and name, or write arguments as an object.
    """

    def __init__(self, new_id: Callable[[], str] = new_id) -> None:
        self._new_id = new_id
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def take(self, piece: Json) -> ToolCallDelta | None:
        """Reads one entry of `tool_calls` and returns what it adds; None until the name of the call is known."""
        function = member(piece, "function") or member(piece, "custom") or piece
        id_, name = text(piece, "id"), text(function, "name")
        id_ = "" if id_ == "null" else id_  # Mistral sends "null" for no id
        arguments = _arguments(function)
        call = self._find(piece.get("index"), id_, name, arguments)
        call.free = call.free or "custom" in piece
        call.id, call.name = call.id or id_, call.name or name
        call.arguments += arguments
        if call.announced:
            return ToolCallDelta(call.number, arguments=arguments) if arguments else None
        if not call.name:
            return None
        call.announced = True
        return ToolCallDelta(call.number, call.id or self._new_id(), call.name, call.arguments)

    @property
    def broken_off(self) -> bool:
        """Whether the arguments of a call end before their end."""
        return any(not call.free and call.arguments.strip() and breaks_off(call.arguments) for call in self._calls)

    def without_arguments(self) -> list[ToolCallDelta]:
        """Returns an empty object as the arguments of each call that has none."""
        blank = [call for call in self._calls if call.announced and not call.arguments.strip()]
        return [ToolCallDelta(call.number, arguments="{}") for call in blank]

    def _find(self, index: object, id_: str, name: str, arguments: str) -> _Call:
        if isinstance(index, int):
            known = self._by_index.get(index)
            if known is None or _begins_another(known, id_, name, arguments):
                known = self._by_index[index] = self._begin()
            return known
        for call in self._calls:
            if id_ and call.id == id_:
                return call
        return self._begin() if id_ or name or not self._calls else self._calls[-1]

    def _begin(self) -> _Call:
        call = _Call(len(self._calls))
        self._calls.append(call)
        return call


def _begins_another(known: _Call, id_: str, name: str, arguments: str) -> bool:
    """Returns whether a piece under a known index belongs to a further call.

    The index decides, regardless of the piece's id, unless the known call is complete and the piece names a function.
    """
    if not (name and known.name) or (id_ and id_ == known.id):
        return False
    if known.arguments.strip():
        return strict_object(known.arguments) is not None
    return name != known.name or not arguments


def _arguments(function: Json) -> str:
    value = function.get("arguments", function.get("input"))
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
