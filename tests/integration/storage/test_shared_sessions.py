"""Servers on one database know each other's sessions, and those of before they were restarted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from ymera_service.config import StorageSettings
from ymera_service.routing.sessions.affinity import Answer, Sessions, answer_of
from ymera_service.routing.sessions.shared import SharedSessions
from ymera_service.routing.sessions.topics import Turn
from ymera_service.sdk.content import Message, Role, ToolCall, ToolResult, user
from ymera_service.sdk.generation import Prompt
from ymera_service.storage import Database, Recorder, Retention, retention
from ymera_service.storage.records import SessionAnswer
from ymera_service.storage.tables import session_answers

NOW = datetime(2026, 11, 21, tzinfo=UTC)
QUESTION, FURTHER = "How do volcanoes form under the ocean?", "And how hot do they get?"
CALL = ToolCall("call-1", "weather", '{"city": "Oslo"}')


def answer(
    number: int = 0, target: str = "p/a", caller: str = "checkout", session: str = "s", calls: Sequence[ToolCall] = ()
) -> Answer:
    return answer_of(
        str(number),
        NOW + timedelta(milliseconds=number),
        target,
        caller=caller,
        session_id=session,
        said=Turn.of(QUESTION, {"general": 1.0}) if session else None,
        tool_calls=calls,
    )


def target_of(sessions: Sessions, caller: str = "checkout", session: str = "s", prompt: Prompt | None = None) -> str:
    said = Turn.of(FURTHER, {"general": 1.0}) if session else None
    return sessions.affinity(caller, session, prompt or Prompt(()), said).target_id


async def stored(database: Database) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []

    def read(connection: Connection) -> None:
        found.extend(tuple(row) for row in connection.execute(select(session_answers)))

    await database.write(read)
    return found


async def test_what_one_server_answers_another_goes_on_with(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        here, there = Sessions(10), Sessions(10)
        async with Recorder(one) as recorder, Recorder(other) as others:
            sharing = SharedSessions(there, other, others, lambda: NOW)
            await sharing.reread()
            ours = SharedSessions(here, one, recorder, lambda: NOW)
            ours.remember(answer(1, "p/a"))
            ours.remember(answer(2, "p/b"))
            assert target_of(here) == "p/b"
            assert target_of(there) == ""
        await sharing.reread()
        assert target_of(there) == "p/b"
        said = Turn.of(FURTHER, {"general": 1.0})
        found, expected = (one.affinity("checkout", "s", Prompt(()), said) for one in (there, here))
        assert found == expected
        for known in (here, there):
            assert target_of(known, caller="search") == target_of(known, session="other") == ""


async def test_tool_calls_lead_back_to_their_target_on_another_server(database_url: str) -> None:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            first = SharedSessions(Sessions(10), database, recorder, lambda: NOW)
            first.remember(answer(session="", calls=[CALL]))
            first.remember(answer(1, "p/b", session=""))
        sessions = Sessions(10)
        await SharedSessions(sessions, database, recorder, lambda: NOW).reread()
        result = Message(Role.TOOL, (ToolResult("call-1", ()),))
        prompt = Prompt((user("weather?"), Message(Role.ASSISTANT, (CALL,)), result))
        assert target_of(sessions, session="", prompt=prompt) == "p/a"
        assert target_of(sessions, caller="search", session="", prompt=prompt) == ""
        assert [row[0] for row in await stored(database)] == ["0"]


async def test_neither_texts_nor_ids_of_sessions_are_stored(database_url: str) -> None:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            SharedSessions(Sessions(10), database, recorder).remember(answer(session="secret-id", calls=[CALL]))
        written = str(await stored(database))
        for private in ("secret-id", "checkout", "volcano", "weather", "Oslo"):
            assert private not in written


async def test_what_another_version_stored_is_passed_over(database_url: str) -> None:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            SharedSessions(Sessions(10), database, recorder).remember(answer())
            strange = SessionAnswer("x", NOW, "server", "p/z", "session", b'{"other": 1}', "")
            await recorder.record(strange, replace(strange, request_id="y", turn=None))
        sessions = Sessions(10)
        await SharedSessions(sessions, database, recorder).reread()
        assert target_of(sessions) == "p/a"


async def test_the_latest_answers_are_kept(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SESSION_ANSWERS_KEPT", 20)

    async def no_pause(seconds: float) -> None:
        assert seconds >= 0

    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            sharing = SharedSessions(Sessions(1), database, recorder)
            for number in range(100):
                sharing.remember(answer(number, session=str(number)))
        later = NOW + timedelta(days=2)
        for days, latest in ((0, 20), (1, 0)):
            settings = StorageSettings(retention_days=days)
            await Retention(database, settings, now=lambda: later, sleep=no_pause).prune()
            kept = {row[0] for row in await stored(database)}
            assert kept == {str(number) for number in range(100 - latest, 100)}
