"""Which target a session stays with as long as its topic goes on, and which target asked for a tool."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Generic, TypeVar

from ymera_service.routing.sessions.topics import CHANGED, EARLIER, Turn, change
from ymera_service.sdk.content import ToolCall, ToolResult
from ymera_service.sdk.generation import Prompt

SESSION_WEIGHT = 0.15
"""What a session's target gains where its topic certainly goes on: as much as a fifth more quality. Less is lost where
another takes over (a cached prompt, a common style), more is won by a model that is clearly better."""
CALLS_WEIGHT = 1.0
"""What the target gains whose tool calls a request answers: another one may not understand them."""
MAX_CALLS = 32
"""Tool calls of a prompt that are looked up, the latest first."""

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values of the keys used last; forgets the key unused for longest when it is full."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """Returns the value of a key and counts that as a use; None if it is not known."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Sets the value of a key."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Affinity:
    """The target that a request should stay with, and how much it should.

    Attributes:
        target_id: Empty if there is none.
        topic_change: How likely the request begins another topic than its session had; None if the target made the
            tool calls that the request answers, which has nothing to do with topics.
    """

    target_id: str = ""
    topic_change: float | None = None

    @property
    def weight(self) -> float:
        """What the target's score gains."""
        if self.topic_change is None:
            return CALLS_WEIGHT
        return 0.0 if self.topic_change > CHANGED else SESSION_WEIGHT * (1 - self.topic_change)


NO_AFFINITY = Affinity()


@dataclass(frozen=True, slots=True)
class Answer:
    """Which target answered a request, for those that follow it.

    Attributes:
        request_id: Of the request.
        created_at: When it was answered.
        target_id: The target that answered.
        session: The key of its session; empty if it has none.
        turn: What is compared with later turns of the session; None without a session.
        calls: The keys of the tool calls that the target made, at most `MAX_CALLS`.
    """

    request_id: str
    created_at: datetime
    target_id: str
    session: str
    turn: Turn | None
    calls: Sequence[str]

    def meaning(self, vector: Sequence[float], vector_of: str) -> "Answer":
        """Returns it with what its turn means, if the vector says so."""
        return replace(self, turn=self.turn.meaning(vector, vector_of)) if self.turn and vector else self


def answer_of(
    request_id: str,
    created_at: datetime,
    target_id: str,
    *,
    caller: str,
    session_id: str,
    said: Turn | None,
    tool_calls: Sequence[ToolCall] = (),
) -> Answer:
    """Returns what is to be remembered of an answer to what was said in a session, if it was in one."""
    return Answer(
        request_id,
        created_at,
        target_id,
        session=_session_key(caller, session_id) if said else "",
        turn=said,
        calls=[_call_key(caller, call) for call in tool_calls[-MAX_CALLS:]],
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn of a session, and who answered it."""

    created_at: datetime
    request_id: str
    target_id: str
    turn: Turn


_order = attrgetter("created_at", "request_id")


class Sessions:
    """Remembers targets by session and by the tool calls that they made, of each the `max_sessions` used last.

    A session or a call is known to its own caller only.
    """

    def __init__(self, max_sessions: int) -> None:
        self._sessions: Recent[Sequence[_Said]] = Recent(max_sessions)
        self._calls: Recent[str] = Recent(max_sessions)

    def affinity(self, caller: str, session_id: str, prompt: Prompt, said: Turn | None) -> Affinity:
        """Returns the target to stay with: the one that made a tool call whose result is new, or that of the session.

        Args:
            caller: Empty where callers have no names.
            session_id: Of the session.
            prompt: The request.
            said: What it says, to compare with what was said before; None for a request without a session.
        """
        for call in answered_calls(prompt):
            if target_id := self._calls.get(_call_key(caller, call)):
                return Affinity(target_id)
        earlier = self._sessions.get(_session_key(caller, session_id)) if said else None
        if said is None or earlier is None:
            return NO_AFFINITY
        return Affinity(earlier[-1].target_id, change(said, [one.turn for one in earlier]))

    def remember(self, answer: Answer) -> None:
        """Takes an answer. It may be known already, or older than others of its session."""
        for call in answer.calls:
            self._calls.put(call, answer.target_id)
        if answer.turn is None:
            return
        one = _Said(answer.created_at, answer.request_id, answer.target_id, answer.turn)
        others = [said for said in self._sessions.get(answer.session) or () if said.request_id != answer.request_id]
        self._sessions.put(answer.session, sorted([*others, one], key=_order)[-EARLIER:])


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


def _session_key(caller: str, session_id: str) -> str:
    return _digest("session", caller, session_id)


def _call_key(caller: str, call: ToolCall) -> str:
    # Ids alone are not enough: some vendors number the calls of each answer from 0.
    return _digest("call", caller, call.id, call.name, call.arguments)


def _digest(*texts: str) -> str:
    digest = blake2b(digest_size=16)
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8) + encoded)
    return digest.hexdigest()
