"""The whole answer, collected from a stream."""

from dataclasses import dataclass

from ymera_service.execution.events import AttemptStarted, Completed, Consumption, ExecutionEvent, Started, Terminal
from ymera_service.routing.decision import Decision
from ymera_service.sdk.content import Citation, Message, Part, Reasoning, Refusal, Role, Text, ToolCall
from ymera_service.sdk.errors import InternalError
from ymera_service.sdk.events import CitationFound, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from ymera_service.sdk.generation import FinishReason


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    request_id: str
    message: Message
    finish_reason: FinishReason
    model: str
    consumption: Consumption
    decision: Decision
    citations: tuple[Citation, ...]
    simulated: bool


class Collector:
    """Joins the deltas of a stream into parts, in the order in which the parts began."""

    def __init__(self) -> None:
        self._request_id = ""
        self._parts: list[_OpenPart] = []
        self._citations: list[Citation] = []
        self._end: Terminal | None = None

    def take(self, event: ExecutionEvent) -> None:
        """Takes the next event."""
        match event:
            case Started():
                self._request_id = event.request_id
            case TextDelta():
                self._open(Text).texts.append(event.text)
            case RefusalDelta():
                self._open(Refusal).texts.append(event.text)
            case ReasoningDelta():
                self._reason(event)
            case ToolCallDelta():
                self._call(event)
            case CitationFound():
                self._citations.append(event.citation)
            case AttemptStarted():
                # Nobody has seen what a failed call had written: another model starts afresh.
                self._parts.clear()
                self._citations.clear()
            case _:
                self._end = event

    def _open(self, kind: type) -> "_OpenPart":
        if not self._parts or self._parts[-1].kind is not kind or self._parts[-1].closed:
            self._parts.append(_OpenPart(kind, []))
        return self._parts[-1]

    def _reason(self, event: ReasoningDelta) -> None:
        part = self._open(Reasoning)
        part.texts.append(event.text)
        if event.signature:
            part.signature, part.closed = event.signature, True

    def _call(self, event: ToolCallDelta) -> None:
        part = next((one for one in self._parts if one.kind is ToolCall and one.index == event.index), None)
        if part is None:
            part = _OpenPart(ToolCall, [], index=event.index)
            self._parts.append(part)
        part.id, part.name = part.id or event.id, part.name or event.name
        part.texts.append(event.arguments)

    def answer(self) -> Answer:
        """Returns the answer, or raises the error that a stream ended with instead."""
        end = self._end
        if end is None:
            raise InternalError("the execution ended without a terminal event")
        if not isinstance(end, Completed):
            raise end.error
        message = Message(Role.ASSISTANT, tuple(part.closed_part() for part in self._parts))
        return Answer(
            self._request_id,
            message,
            end.finish_reason,
            end.model,
            end.consumption,
            end.decision,
            tuple(self._citations),
            end.simulated,
        )


@dataclass(slots=True)
class _OpenPart:
    kind: type
    texts: list[str]
    signature: bytes = b""
    closed: bool = False
    index: int = -1
    id: str = ""
    name: str = ""

    def closed_part(self) -> Part:
        text = "".join(self.texts)
        if self.kind is ToolCall:
            return ToolCall(self.id, self.name, text)
        if self.kind is Reasoning:
            return Reasoning(text, self.signature)
        return Refusal(text) if self.kind is Refusal else Text(text)
