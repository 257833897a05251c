"""Reads the answers of sessions. The `Recorder` writes them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import SessionAnswer
from ymera_service.storage.tables import session_answers

KEPT = 5_000
"""The answers that retention keeps, the latest ones: enough to go on with the sessions of before after a restart."""


class SessionAnswers:
    """The stored answers of sessions."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def of_others(self, server: str, since: datetime | None = None) -> Sequence[SessionAnswer]:
        """Returns the latest answers of all servers but one, at most `KEPT`, the earliest first.

        Args:
            server: Whose answers are left out.
            since: Only those given then or later.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        answers = session_answers.c
        query = select(session_answers).where(answers.server != server).order_by(answers.created_at.desc()).limit(KEPT)
        with unavailable("read the answers of sessions"):
            async with self._reader.connect() as connection:
                rows = await connection.execute(query if since is None else query.where(answers.created_at >= since))
                return [SessionAnswer(*row) for row in reversed(rows.all())]

    async def nth_latest(self, number: int) -> datetime | None:
        """Returns when the `number`-th latest answer was given; None if there are fewer.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        given = session_answers.c.created_at
        query = select(given).order_by(given.desc()).limit(1).offset(number - 1)
        with unavailable("count the answers of sessions"):
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalar_one_or_none()
