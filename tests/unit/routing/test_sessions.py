from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import Routing
from ymera_service.routing.decision import Preferences
from ymera_service.routing.sessions import MAX_CALLS, Sessions, answered_calls
from ymera_service.sdk.content import Message, Part, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Capability, ModelInfo, Price

CALL = ToolCall("call-1", "weather", '{"city": "Oslo"}')
RESULT = Message(Role.TOOL, (ToolResult("call-1", (Text("rain"),)),))


def said(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts)


def test_a_session_stays_with_the_target_that_answered_last() -> None:
    sessions = Sessions(10)
    assert sessions.target_for("s") == ""
    sessions.remember("s", "p/a")
    sessions.remember("s", "p/b")
    assert sessions.target_for("s") == "p/b"


def test_an_empty_id_is_not_a_session() -> None:
    sessions = Sessions(10)
    sessions.remember("", "p/a")
    assert sessions.target_for("") == ""


def test_the_session_unused_for_longest_is_forgotten_first() -> None:
    sessions = Sessions(2)
    sessions.remember("old", "p/a")
    sessions.remember("new", "p/a")
    sessions.target_for("old")
    sessions.remember("newest", "p/a")
    assert sessions.target_for("new") == ""
    assert sessions.target_for("old") == "p/a"


@given(limit=st.integers(1, 4), used=st.lists(st.integers(0, 8), max_size=40))
def test_exactly_the_sessions_used_last_are_remembered(limit: int, used: list[int]) -> None:
    sessions = Sessions(limit)
    for session in used:
        sessions.remember(str(session), f"p/{session}")
    latest = list(dict.fromkeys(reversed(used)))[:limit]
    remembered = [session for session in range(9) if sessions.target_for(str(session)) == f"p/{session}"]
    assert remembered == sorted(latest)


def test_a_tool_call_leads_back_to_its_target_even_without_a_session() -> None:
    sessions = Sessions(10)
    sessions.remember("", "p/a", [CALL])
    assert sessions.target_for("", [CALL]) == "p/a"


def test_calls_that_only_share_an_id_are_different() -> None:
    sessions = Sessions(10)
    sessions.remember("", "p/a", [CALL])
    assert sessions.target_for("", [ToolCall("call-1", "weather", '{"city": "Rome"}')]) == ""
    assert sessions.target_for("", [ToolCall("call-1", "weathe", 'r{"city": "Oslo"}')]) == ""


def test_the_target_of_the_latest_tool_call_takes_precedence_over_that_of_the_session() -> None:
    sessions = Sessions(10)
    later = ToolCall("call-2", "weather", "{}")
    sessions.remember("s", "p/a", [CALL])
    sessions.remember("", "p/b", [later])
    assert sessions.target_for("s", [later, CALL]) == "p/b"
    assert sessions.target_for("s", [ToolCall("unknown", "x", "{}")]) == "p/a"


def test_tool_calls_do_not_push_sessions_out() -> None:
    sessions = Sessions(2)
    sessions.remember("s", "p/a", [ToolCall(str(number), "x", "{}") for number in range(9)])
    assert sessions.target_for("s") == "p/a"
    assert sessions.target_for("", [ToolCall("8", "x", "{}")]) == "p/a"
    assert sessions.target_for("", [ToolCall("0", "x", "{}")]) == ""


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
    routing.sessions.remember("", "p/dear", [CALL])
    decision = routing.select(prompt, Preferences(session_id="other")).decision
    assert decision.candidates[0].target.id == "p/dear"
    assert decision.session_affinity
