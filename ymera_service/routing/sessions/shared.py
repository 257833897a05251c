"""Shares the sessions of a server with others on its database; they also outlast a restart.

Every answer of a session is stored behind the reply, and read by the other servers within about a second. What is
stored holds no text, and no id of a session: hashes of words, and a digest of caller and session.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog

from ymera_service.routing.log_reading import LogReading, utc_now
from ymera_service.routing.sessions.affinity import Answer, Sessions
from ymera_service.routing.sessions.topics import from_json, to_json
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import SessionAnswer

_log = structlog.get_logger(__name__)


class SharedSessions:
    """Stores the answers of this server's sessions, and remembers those of the others."""

    def __init__(
        self, sessions: Sessions, database: Database, recorder: Recorder, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._sessions = sessions
        self._answers = database.session_answers
        self._recorder = recorder
        self._server = uuid4().hex
        self._reading = LogReading(now)
        self._read: set[str] = set()
        """The requests whose answers were in the latest reading; the next one finds most of them again."""

    def remember(self, answer: Answer) -> None:
        """Remembers an answer of this server, and has it stored for the others."""
        self._sessions.remember(answer)
        if answer.session or answer.calls:
            self._recorder.record_later(_record_of(answer, self._server), None)

    async def reread(self) -> None:
        """Remembers what other servers answered since the last reading; the first takes the latest answers of all.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with self._reading.since() as since:
            found = await self._answers.of_others(self._server, since)
        for record in found:
            if record.request_id not in self._read and (answer := _answer_of(record)):
                self._sessions.remember(answer)
        self._read = {record.request_id for record in found}


def _record_of(answer: Answer, server: str) -> SessionAnswer:
    return SessionAnswer(
        request_id=answer.request_id,
        created_at=answer.created_at,
        server=server,
        target=answer.target_id,
        session=answer.session,
        turn=to_json(answer.turn) if answer.turn else None,
        tool_calls=" ".join(answer.calls),
    )


def _answer_of(record: SessionAnswer) -> Answer | None:
    """Returns a stored answer; None if it can't be read, as another version of Ymera has stored it."""
    try:
        turn = from_json(record.turn) if record.turn else None
    except ValueError as error:
        _log.warning("session_answer_not_readable", problem=str(error))
        return None
    calls = record.tool_calls.split()
    return Answer(record.request_id, record.created_at, record.target, record.session, turn, calls)
