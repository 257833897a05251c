"""Answers as they are stored and replayed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.execution.answer import Answer, AnswerCollector
from ymera_service.execution.events import Ended
from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest, Turn
from ymera_service.execution.outcomes import answer_from_json, answer_to_json, events_of, is_kept
from ymera_service.routing.decision import Decision, Inputs, Preferences, Weights
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
from ymera_service.sdk.errors import RateLimited, YmeraError
from ymera_service.sdk.generation import FinishReason, Prompt, Usage
from ymera_service.sdk.targets import Target

DECISION = Decision("c", {"c": 1.0}, (), 1, (), "p", Weights(1, 0, 0), 1, 1.0, "why", Inputs("v", "p"))


def execution(turns: int = 1, error: YmeraError | None = None, usage: Usage | None = None) -> Execution:
    answered = Attempt(
        1, Target("a", "a/b"), 0.0, 1.0, usage=usage or Usage(), finish_reason=None if error else FinishReason.STOP
    )
    request = ExecutionRequest("id", Prompt(()), Preferences(), 0.0)
    made = tuple(Turn(number + 1, (answered,)) for number in range(turns))
    return Execution(request, False, datetime.now(UTC), 0.0, DECISION, made, error=error, ended_at=1.0)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
parts = st.one_of(
    st.builds(Text, texts),
    st.builds(Refusal, texts),
    st.builds(Reasoning, texts, st.binary(min_size=1)),
    st.builds(ToolCall, texts, texts, texts),
    st.builds(ProviderBlock, texts, st.binary(min_size=1)),
)


def merged(made: Sequence[Part]) -> tuple[Part, ...]:
    """Parts as a collector makes them: two texts never follow each other."""
    kept: list[Part] = []
    for part in made:
        if not (kept and isinstance(part, Text | Refusal) and type(part) is type(kept[-1])):
            kept.append(part)
    return tuple(kept)


@given(st.lists(st.lists(parts, max_size=5).map(merged), min_size=1, max_size=3), st.lists(texts, max_size=2))
def test_an_answer_is_replayed_as_it_was_collected(turns: list[tuple[Part, ...]], titles: list[str]) -> None:
    messages = tuple(Message(Role.ASSISTANT, each) for each in turns)
    citations = tuple(Citation(title=title, spans=(TextSpan(0, len(title)),)) for title in titles)
    logprobs = tuple(TokenLogprob(title, -0.5, b"x", (TokenLogprob(title, -1.0),)) for title in titles)
    answer = Answer(execution(len(turns)), messages, citations, logprobs, replayed=True)
    read = answer_from_json(answer.execution, answer_to_json(answer))
    assert read == answer
    collector = AnswerCollector()
    events = list(events_of(read))
    for event in events:
        collector.try_send(event)
    assert isinstance(events[-1], Ended)
    assert collector.answer(answer.execution) == answer


def test_half_of_a_surrogate_pair_does_not_prevent_storing() -> None:
    message = Message(Role.ASSISTANT, (Text("caf\ud800"),))
    answer = Answer(execution(), (message,), ())
    assert answer_from_json(answer.execution, answer_to_json(answer)).messages[0].text == "caf?"


def test_what_was_answered_or_charged_is_kept() -> None:
    assert is_kept(execution())
    assert not is_kept(execution(error=RateLimited("x")))
    assert is_kept(execution(error=RateLimited("x"), usage=Usage(1)))
