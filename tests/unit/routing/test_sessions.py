from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import NOW, Routing
from ymera_service.routing.decision import Preferences
from ymera_service.routing.sessions.affinity import (
    MAX_CALLS,
    SESSION_WEIGHT,
    Answer,
    Sessions,
    answer_of,
    answered_calls,
)
from ymera_service.routing.sessions.topics import CHANGED, Turn
from ymera_service.routing.stored import from_json, to_json
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import Message, Part, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Capability, ModelInfo, Price

CALL = ToolCall("call-1", "weather", '{"city": "Oslo"}')
RESULT = Message(Role.TOOL, (ToolResult("call-1", (Text("rain"),)),))


def said(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def target_of(sessions: Sessions, session_id: str, *answered: ToolCall, caller: str = "") -> str:
    """Returns the target for a request that brings results of tool calls, the latest first."""
    turns = [
        message
        for call in reversed(answered)
        for message in (said(call), Message(Role.TOOL, (ToolResult(call.id, (Text("done"),)),)))
    ]
    turn = Turn.of("go on", {}) if session_id else None
    return sessions.affinity(caller, session_id, Prompt((user("go on"), *turns)), turn).target_id


_numbers = count()


def answer(
    session_id: str, target_id: str, calls: Sequence[ToolCall] = (), *, caller: str = "", text: str = "go on"
) -> Answer:
    """Returns an answer that is later than those before."""
    number = next(_numbers)
    return answer_of(
        f"{number:05}",
        NOW + timedelta(seconds=number),
        target_id,
        caller=caller,
        session_id=session_id,
        said=Turn.of(text, {}) if session_id else None,
        tool_calls=calls,
    )


def remember(
    sessions: Sessions, session_id: str, target_id: str, calls: Sequence[ToolCall] = (), *, caller: str = ""
) -> None:
    sessions.remember(answer(session_id, target_id, calls, caller=caller))


def test_a_session_stays_with_the_target_that_answered_last() -> None:
    sessions = Sessions(10)
    assert target_of(sessions, "s") == ""
    remember(sessions, "s", "p/a")
    remember(sessions, "s", "p/b")
    assert target_of(sessions, "s") == "p/b"


@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5)))
def test_it_does_not_matter_in_which_order_and_how_often_answers_are_heard_of(
    order: list[int], again: list[int]
) -> None:
    answers = [answer("s", f"p/{number}", text=f"volcano number {number}") for number in range(6)]
    in_order, otherwise = Sessions(10), Sessions(10)
    for one in answers:
        in_order.remember(one)
    for number in (*order, *again):
        otherwise.remember(answers[number])
    said = Turn.of("What about the fourth volcano?", {})
    found, expected = (one.affinity("", "s", Prompt(()), said) for one in (otherwise, in_order))
    assert found == expected
    assert found.target_id == "p/5"


def test_an_empty_id_is_not_a_session() -> None:
    sessions = Sessions(10)
    remember(sessions, "", "p/a")
    assert target_of(sessions, "") == ""


def test_callers_who_use_the_same_id_have_different_sessions() -> None:
    sessions = Sessions(10)
    remember(sessions, "s", "p/a", [CALL], caller="one")
    remember(sessions, "s", "p/b", caller="two")
    assert target_of(sessions, "s", caller="one") == "p/a"
    assert target_of(sessions, "s", CALL, caller="two") == "p/b"
    assert target_of(sessions, "s") == ""


def test_the_session_unused_for_longest_is_forgotten_first() -> None:
    sessions = Sessions(2)
    remember(sessions, "old", "p/a")
    remember(sessions, "new", "p/a")
    target_of(sessions, "old")
    remember(sessions, "newest", "p/a")
    assert target_of(sessions, "new") == ""
    assert target_of(sessions, "old") == "p/a"


@given(limit=st.integers(1, 4), used=st.lists(st.integers(0, 8), max_size=40))
def test_exactly_the_sessions_used_last_are_remembered(limit: int, used: list[int]) -> None:
    sessions = Sessions(limit)
    for session in used:
        remember(sessions, str(session), f"p/{session}")
    latest = list(dict.fromkeys(reversed(used)))[:limit]
    remembered = [session for session in range(9) if target_of(sessions, str(session)) == f"p/{session}"]
    assert remembered == sorted(latest)


def test_a_tool_call_leads_back_to_its_target_even_without_a_session() -> None:
    sessions = Sessions(10)
    remember(sessions, "", "p/a", [CALL])
    assert target_of(sessions, "", CALL) == "p/a"


def test_calls_that_only_share_an_id_are_different() -> None:
    sessions = Sessions(10)
    remember(sessions, "", "p/a", [CALL])
    assert target_of(sessions, "", ToolCall("call-1", "weather", '{"city": "Rome"}')) == ""
    assert target_of(sessions, "", ToolCall("call-1", "weathe", 'r{"city": "Oslo"}')) == ""


def test_the_target_of_the_latest_tool_call_takes_precedence_over_that_of_the_session() -> None:
    sessions = Sessions(10)
    later = ToolCall("call-2", "weather", "{}")
    remember(sessions, "s", "p/a", [CALL])
    remember(sessions, "", "p/b", [later])
    assert target_of(sessions, "s", later, CALL) == "p/b"
    assert target_of(sessions, "s", ToolCall("unknown", "x", "{}")) == "p/a"


def test_tool_calls_do_not_push_sessions_out() -> None:
    sessions = Sessions(2)
    remember(sessions, "s", "p/a", [ToolCall(str(number), "x", "{}") for number in range(9)])
    assert target_of(sessions, "s") == "p/a"
    assert target_of(sessions, "", ToolCall("8", "x", "{}")) == "p/a"
    assert target_of(sessions, "", ToolCall("0", "x", "{}")) == ""


GOOD = dict.fromkeys(CATEGORIES, 0.5)
ALIKE = [
    ModelInfo(name, price=Price(dollars * 10**6, dollars * 10**6), stated_quality=GOOD)
    for name, dollars in (("now", 1), ("before", 2))
]
QUESTION = "How do volcanoes form under the ocean?"
FURTHER = "And how hot do they get?"
ANOTHER = "Can you tell me which documents I need for a visa to Canada?"
IN_SESSION = Preferences(session_id="s")


def test_a_session_stays_with_its_target_while_its_topic_goes_on() -> None:
    routing = Routing({"p": ALIKE})
    assert routing.select(FURTHER, IN_SESSION).ranking[0].id == "p/now"
    routing.answered("s", "p/before", QUESTION)
    decision = routing.decide(FURTHER, IN_SESSION)
    [first, second] = decision.candidates
    assert (first.target.id, decision.session_affinity) == ("p/before", True)
    assert "stays with this session" in decision.explanation
    [part] = [part for part in first.components if part.name == "session"]
    assert part.value > 0.9
    assert part.weight == SESSION_WEIGHT
    assert "session" not in [part.name for part in second.components]
    assert first.score == pytest.approx(sum(part.value * part.weight for part in first.components))


def test_another_topic_frees_the_session() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/before", QUESTION)
    decision = routing.decide(ANOTHER, IN_SESSION)
    [first, second] = decision.candidates
    assert (first.target.id, decision.session_affinity) == ("p/now", False)
    assert decision.inputs.topic_change is not None
    assert decision.inputs.topic_change > CHANGED
    assert f"the session begins another topic ({decision.inputs.topic_change:.2f})" in decision.explanation
    [part] = [part for part in second.components if part.name == "session"]
    assert part.weight == 0
    assert "on another topic" in part.evidence


def test_the_target_of_a_session_can_still_be_the_best_for_another_topic() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/now", QUESTION)
    decision = routing.decide(ANOTHER, IN_SESSION)
    assert decision.candidates[0].target.id == "p/now"
    assert not decision.session_affinity


def test_a_clear_gain_outweighs_the_session() -> None:
    routing = Routing({"p": ALIKE})
    routing.measure(coding={"p/now": 0.95, "p/before": 0.2}, general={"p/now": 0.95, "p/before": 0.2})
    routing.answered("s", "p/before", QUESTION)
    decision = routing.decide(FURTHER, IN_SESSION)
    assert decision.candidates[0].target.id == "p/now"
    assert "clearly better than the session's p/before" in decision.explanation
    assert not decision.session_affinity


def test_the_next_topic_of_a_session_is_compared_with_its_latest_turns() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/before", QUESTION)
    routing.answered("s", "p/before", ANOTHER)
    decision = routing.decide("How long does it take to get that visa?", IN_SESSION)
    assert decision.session_affinity


def test_a_stored_decision_of_a_session_can_be_computed_again() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/before", QUESTION)
    for text in (FURTHER, ANOTHER):
        decision = routing.decide(text, IN_SESSION)
        again = routing.router.recompute(from_json(to_json(decision)), routing.catalog.snapshot)
        assert [(one.target, one.score) for one in again.candidates] == [
            (one.target, one.score) for one in decision.candidates
        ]
        assert again.explanation == decision.explanation


def test_sessions_of_another_caller_do_not_count() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/before", QUESTION, caller="one")
    assert routing.select(FURTHER, IN_SESSION, caller="one").decision.session_affinity
    assert not routing.select(FURTHER, IN_SESSION, caller="two").decision.session_affinity


def test_only_calls_with_a_result_are_answered_the_latest_first() -> None:
    second = ToolCall("call-2", "weather", "{}")
    open_call = ToolCall("call-3", "weather", "{}")
    result = Message(Role.TOOL, (ToolResult("call-2", ()),))
    prompt = Prompt((user("?"), said(CALL), RESULT, said(Text("so"), second, open_call), result, user("thanks")))
    assert answered_calls(prompt) == [second, CALL]
    assert answered_calls(Prompt((RESULT, said(CALL)))) == []


def test_of_a_long_conversation_only_the_latest_calls_are_looked_up() -> None:
    calls = [ToolCall(str(number), "x", "{}") for number in range(MAX_CALLS + 8)]
    turns = [message for call in calls for message in (said(call), Message(Role.TOOL, (ToolResult(call.id, ()),)))]
    assert answered_calls(Prompt(tuple(turns))) == calls[: -MAX_CALLS - 1 : -1]


def test_a_request_that_answers_a_tool_call_goes_to_the_target_that_made_it() -> None:
    tools = frozenset({Capability.TOOLS})
    cheap, dear = (
        ModelInfo(name, capabilities=tools, price=Price(price, price))
        for name, price in (("cheap", 1), ("dear", 10**7))
    )
    routing = Routing({"p": [cheap, dear]})
    prompt = Prompt((user("weather?"), said(CALL), RESULT))
    assert routing.select(prompt).ranking[0].id == "p/cheap"
    routing.answered("", "p/dear", calls=[CALL])
    decision = routing.select(prompt, Preferences(session_id="other")).decision
    assert decision.candidates[0].target.id == "p/dear"
    assert decision.session_affinity
