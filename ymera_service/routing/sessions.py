"""Which target a session stays with, and which target asked for a tool."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from ymera_service.sdk.content import ToolCall, ToolResult
from ymera_service.sdk.generation import Prompt

MAX_CALLS = 32
"""Tool calls of a prompt that are looked up, the latest first."""


class Recent:
    """Values of the keys used last; forgets the key unused for longest when it is full."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str) -> str:
        """Returns the value of a key and counts that as a use; empty if it is not known."""
        value = self._values.get(key, "")
        if value:
            self._values.move_to_end(key)
        return value

    def put(self, key: str, value: str) -> None:
        """Sets the value of a key."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)


class Sessions:
    """Remembers targets by session and by the tool calls that they made, of each the `max_sessions` used last."""

    def __init__(self, max_sessions: int) -> None:
        self._sessions = Recent(max_sessions)
        self._calls = Recent(max_sessions)

    def target_for(self, session_id: str, answered: Iterable[ToolCall] = ()) -> str:
        """Returns the id of the target to stay with; empty if there is none.

        Args:
            session_id: Empty for a request without a session.
            answered: Tool calls whose results the request brings, the latest first. The target that made
                one goes before that of the session.
        """
        for call in answered:
            if target_id := self._calls.get(_key(call)):
                return target_id
        return self._sessions.get(session_id) if session_id else ""

    def remember(self, session_id: str, target_id: str, tool_calls: Sequence[ToolCall] = ()) -> None:
        """Notes that a target answered a session, which may have no id, and which tool calls it made."""
        if session_id:
            self._sessions.put(session_id, target_id)
        for call in tool_calls:
            self._calls.put(_key(call), target_id)


def answered_calls(prompt: Prompt) -> Sequence[ToolCall]:
    """Returns the tool calls of a prompt that have results in it, the latest first, at most `MAX_CALLS`."""
    results: set[str] = set()
    calls: list[ToolCall] = []
    for message in reversed(prompt.messages):
        for part in reversed(message.parts):
            if isinstance(part, ToolResult):
                results.add(part.tool_call_id)
            elif isinstance(part, ToolCall) and part.id in results:
                calls.append(part)
        if len(calls) >= MAX_CALLS:
            break
    return calls[:MAX_CALLS]


def _key(call: ToolCall) -> str:
    # Ids alone are not enough: some vendors number the calls of each answer from 0.
    digest = blake2b(digest_size=16)
    for text in (call.id, call.name, call.arguments):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8) + encoded)
    return digest.hexdigest()
