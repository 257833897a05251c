"""What a request came to, kept so that a repeat gets the same: as JSON, and as the events of a replay."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from ymera_service.execution.answer import Answer, AnswerCollector
from ymera_service.execution.events import AttemptStarted, Delta, Ended, ExecutionEvent, Sink, Started
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
    TextSpan,
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
from ymera_service.sdk.generation import Usage
from ymera_service.storage.records import ExecutionStatus

_NOTHING = Usage()


class Keeping:
    """A sink that collects what it hands on, as long as the receiver takes it."""

    def __init__(self, receiver: Sink) -> None:
        self._receiver = receiver
        self.collector = AnswerCollector()

    def try_send(self, event: ExecutionEvent) -> bool:
        """See `Sink`."""
        return self._receiver.try_send(event) and self.collector.try_send(event)

    async def send(self, event: ExecutionEvent) -> None:
        """See `Sink`."""
        await self._receiver.send(event)
        self.collector.try_send(event)


def is_kept(execution: Execution) -> bool:
    """Returns whether a repeat gets the same outcome: there is an answer, or a provider charged for an attempt."""
    answered = execution.released or execution.status is ExecutionStatus.COMPLETED
    return answered or any(attempt.usage != _NOTHING for attempt in execution.attempts)


def answer_to_json(answer: Answer) -> bytes:
    """Returns the stored form of an answer, its execution apart."""
    messages = [[tuple(map(_storable, _packed(part))) for part in message.parts] for message in answer.messages]
    citations = list(map(_packed_citation, answer.citations))
    kept: dict[str, Any] = {"messages": messages, "citations": citations}
    if answer.logprobs:
        kept["logprobs"] = list(map(_packed_token, answer.logprobs))
    return orjson.dumps(kept)


def answer_from_json(execution: Execution, stored: bytes) -> Answer:
    """Returns a stored answer of an execution."""
    kept: dict[str, Any] = orjson.loads(stored)
    messages = [Message(Role.ASSISTANT, tuple([_unpacked(*part) for part in parts])) for parts in kept["messages"]]
    citations = tuple(_unpacked_citation(*one) for one in kept["citations"])
    logprobs = tuple(_unpacked_token(*one) for one in kept.get("logprobs", ()))
    return Answer(execution, tuple(messages), citations, logprobs, replayed=True)


def _packed_citation(citation: Citation) -> tuple[Any, ...]:
    spans = [(span.start, span.end) for span in citation.spans]
    return *map(_storable, (citation.uri, citation.title, citation.cited_text)), spans


def _unpacked_citation(uri: str, title: str, cited_text: str, spans: Sequence[Any] = ()) -> Citation:
    return Citation(uri, title, cited_text, tuple(TextSpan(*span) for span in spans))


def _packed_token(token: TokenLogprob) -> tuple[Any, ...]:
    alternatives = [_packed_token(each) for each in token.alternatives]
    return _storable(token.token), token.logprob, b64encode(token.token_bytes).decode(), alternatives


def _unpacked_token(token: str, logprob: float, token_bytes: str, alternatives: Sequence[Any]) -> TokenLogprob:
    return TokenLogprob(token, logprob, b64decode(token_bytes), tuple(_unpacked_token(*one) for one in alternatives))


def _storable(text: str) -> str:
    """Returns a text as it can be stored: a half of a surrogate pair must not cost the record of the execution."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _packed(part: Part) -> tuple[str, ...]:
    match part:
        case Text(text):
            return "text", text
        case Refusal(text):
            return "refusal", text
        case Reasoning(text, signature):
            return "reasoning", text, b64encode(signature).decode()
        case ToolCall(id, name, arguments):
            return "tool_call", id, name, arguments
        case ProviderBlock(format, data):
            return "provider_block", format, b64encode(data).decode()
        case _:
            raise TypeError(f"an answer has no part of the type {type(part).__name__}")


def _unpacked(kind: str, *fields: str) -> Part:
    if kind == "reasoning":
        return Reasoning(fields[0], b64decode(fields[1]))
    if kind == "provider_block":
        return ProviderBlock(fields[0], b64decode(fields[1]))
    if kind == "tool_call":
        return ToolCall(*fields)
    return Refusal(*fields) if kind == "refusal" else Text(fields[0])


def events_of(answer: Answer) -> Iterator[ExecutionEvent]:
    """Yields the events that lead to an answer, each part of it in one."""
    execution = answer.execution
    assert execution.decision is not None
    yield Started(execution.request.request_id, execution.decision, answer.replayed)
    for turn in execution.turns:
        previous = None
        for attempt in turn.attempts:
            yield AttemptStarted(turn.number, attempt.number, attempt.target, previous, attempt.hedge)
            previous = attempt.error
        yield from _deltas(answer.messages[turn.number - 1 : turn.number])
    if answer.logprobs:
        yield LogprobsDelta(answer.logprobs)
    for citation in answer.citations:
        yield CitationFound(citation)
    yield Ended(execution)


def _deltas(messages: Sequence[Message]) -> Iterator[Delta]:
    calls = 0
    for part in (part for message in messages for part in message.parts):
        match part:
            case Text(text) if text:
                yield TextDelta(text)
            case Refusal(text) if text:
                yield RefusalDelta(text)
            case Reasoning(text, signature):
                yield ReasoningDelta(text, signature)
            case ToolCall(id, name, arguments):
                yield ToolCallDelta(calls, id, name, arguments)
                calls += 1
            case ProviderBlock():
                yield ProviderBlockFound(part)
            case _:
                pass
