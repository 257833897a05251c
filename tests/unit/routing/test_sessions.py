from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.sessions import Sessions


def test_a_session_stays_with_the_model_that_answered_last() -> None:
    sessions = Sessions(10)
    assert sessions.model_of("s") is None
    sessions.remember("s", "p/a")
    sessions.remember("s", "p/b")
    assert sessions.model_of("s") == "p/b"


def test_an_empty_id_is_no_session() -> None:
    sessions = Sessions(10)
    sessions.remember("", "p/a")
    assert sessions.model_of("") is None


def test_the_session_unused_for_longest_is_forgotten_first() -> None:
    sessions = Sessions(2)
    sessions.remember("old", "p/a")
    sessions.remember("new", "p/a")
    sessions.model_of("old")
    sessions.remember("newest", "p/a")
    assert sessions.model_of("new") is None
    assert sessions.model_of("old") == "p/a"


@given(limit=st.integers(1, 4), used=st.lists(st.integers(0, 8), max_size=40))
def test_exactly_the_sessions_used_last_are_remembered(limit: int, used: list[int]) -> None:
    sessions = Sessions(limit)
    for session in used:
        sessions.remember(str(session), f"p/{session}")
    latest = list(dict.fromkeys(reversed(used)))[:limit]
    remembered = [session for session in range(9) if sessions.model_of(str(session)) == f"p/{session}"]
    assert remembered == sorted(latest)
