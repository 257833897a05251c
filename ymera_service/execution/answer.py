"""The whole answer, collected from the events of an execution."""

from dataclasses import dataclass

from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent, Started
from ymera_service.execution.facts import Execution
from ymera_service.sdk.content import (
    Citation,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    TokenLogprob,
    ToolCall,
)
from ymera_service.sdk.events import (
    CitationFound,
    LogprobsDelta,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)


@dataclass(slots=True)
class Answer:
    """A whole answer: a message per turn, and the execution that gave it; `replayed` as in `Started`."""

    execution: Execution
    messages: tuple[Message, ...]
    citations: tuple[Citation, ...]
    logprobs: tuple[TokenLogprob, ...] = ()
    replayed: bool = False


class AnswerCollector:
    """A sink that joins deltas into parts, in the order in which the parts began."""

    def __init__(self) -> None:
        self._turn = 0
        self._messages: list[Message] = []
        self._parts: list[_OpenPart] = []
        self._citations: list[Citation] = []
        self._kept_citations = 0
        self._logprobs: list[TokenLogprob] = []
        self._kept_logprobs = 0
        self._replayed = False

    async def send(self, event: ExecutionEvent) -> None:
        """Takes the next event."""
        self.try_send(event)

    def try_send(self, event: ExecutionEvent) -> bool:
        """Takes the next event; it is never behind."""
        match event:
            case TextDelta():
                self._open(Text).texts.append(event.text)
            case RefusalDelta():
                self._open(Refusal).texts.append(event.text)
            case ReasoningDelta():
                self._reason(event)
            case ToolCallDelta():
                self._call(event)
            case CitationFound() | LogprobsDelta() | ProviderBlockFound():
                self._add(event)
            case AttemptStarted():
                self._begin(event)
            case Started():
                self._replayed = event.replayed
            case Ended():
                self._close_message()
            case _:
                pass
        return True

    def _add(self, event: CitationFound | LogprobsDelta | ProviderBlockFound) -> None:
        """Takes what comes whole."""
        match event:
            case CitationFound():
                self._citations.append(event.citation)
            case LogprobsDelta():
                self._logprobs += event.tokens
            case ProviderBlockFound():
                self._parts.append(_OpenPart(ProviderBlock, [], block=event.block))

    def _begin(self, event: AttemptStarted) -> None:
        if event.turn > self._turn:
            self._close_message()
            self._turn = event.turn
            return
        # What the failed attempt had written was not sent to the caller.
        self._parts.clear()
        del self._citations[self._kept_citations :]
        del self._logprobs[self._kept_logprobs :]

    def _close_message(self) -> None:
        if self._turn:
            self._messages.append(self.message())
        self._parts.clear()
        self._kept_citations, self._kept_logprobs = len(self._citations), len(self._logprobs)

    def message(self) -> Message:
        """Returns what the present turn has written so far."""
        return Message(Role.ASSISTANT, tuple(map(_OpenPart.closed_part, self._parts)))

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

    def so_far(self, execution: Execution) -> Answer:
        """Returns what an execution that is about to end has written."""
        messages = (*self._messages, self.message()) if self._turn else ()
        return Answer(execution, messages, tuple(self._citations), tuple(self._logprobs), self._replayed)

    def answer(self, execution: Execution) -> Answer:
        """Returns the answer of an execution whose events it took to the end."""
        return Answer(execution, tuple(self._messages), tuple(self._citations), tuple(self._logprobs), self._replayed)


@dataclass(slots=True)
class _OpenPart:
    kind: type
    texts: list[str]
    signature: bytes = b""
    closed: bool = False
    index: int = -1
    id: str = ""
    name: str = ""
    block: ProviderBlock | None = None

    def closed_part(self) -> Part:
        if self.block is not None:
            return self.block
        text = "".join(self.texts)
        if self.kind is ToolCall:
            return ToolCall(self.id, self.name, text)
        if self.kind is Reasoning:
            return Reasoning(text, self.signature)
        return Refusal(text) if self.kind is Refusal else Text(text)
