"""Sums in SQL what the attempts of executions consumed, so that neither rows nor the event loop are involved."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, Select, case, cast, func, select, true

from ymera_service.storage.tables import USAGE_COLUMNS, executions


def attempt_sums(dialect: str, start: datetime, end: datetime) -> Select[Any]:
    """Returns the query for the sums of executions that arrived in a time, by all that reports can be grouped by.

    An attempt counts for its model and account, and a request for those of its last attempt.
    """
    made = _Sqlite() if dialect == "sqlite" else _Postgresql()
    row, cost = executions.c, made.number("cost_micros")
    groups = [
        row.operation,
        made.text("model").label("model"),
        made.text("account").label("account"),
        row.caller,
        row.agent_name,
        row.labels,
    ]
    return (
        select(
            *groups,
            _sum(case((made.is_last, 1), else_=0)).label("requests"),
            func.count().label("attempts"),
            _sum(case((made.flag("estimated"), 1), else_=0)).label("estimated_attempts"),
            _sum(case((cost.is_(None), 1), else_=0)).label("unpriced_attempts"),
            *(_sum(made.number(name)).label(name) for name in USAGE_COLUMNS),
            _sum(cost).label("cost_micros"),
            _sum(func.coalesce(cost, made.number("counted_micros"))).label("spent_micros"),
        )
        .select_from(executions.join(made.attempt, true()))
        .where(row.created_at >= start, row.created_at < end)
        .group_by(*groups)
    )


def _sum(values: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(values), 0)


class _Sqlite:
    """The attempts of each execution as rows of a table, and what is in them."""

    def __init__(self) -> None:
        self.attempt = func.json_each(executions.c.attempts).table_valued("key", "value", name="attempt")
        self.is_last = self.attempt.c.key == func.json_array_length(executions.c.attempts) - 1

    def text(self, name: str) -> ColumnElement[Any]:
        return func.json_extract(self.attempt.c.value, f"$.{name}")

    number = flag = text


class _Postgresql:
    """As `_Sqlite`. PostgreSQL refuses to take a value from JSON that has NUL in any text, such as an error's."""

    def __init__(self) -> None:
        stored = cast(func.replace(executions.c.attempts, r"\u0000", r"\ufffd"), JSON)
        each = func.json_array_elements(stored).table_valued("value", with_ordinality="key", name="attempt")
        self.attempt = each.render_derived()
        self.is_last = self.attempt.c.key == func.json_array_length(stored)

    def text(self, name: str) -> ColumnElement[Any]:
        return func.json_extract_path_text(self.attempt.c.value, name)

    def number(self, name: str) -> ColumnElement[Any]:
        return cast(self.text(name), BigInteger)

    def flag(self, name: str) -> ColumnElement[Any]:
        return cast(self.text(name), Boolean)
