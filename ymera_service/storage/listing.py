"""The query that lists executions: what it needs is in an index, whatever it filters by."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, literal, select, tuple_

from ymera_service.storage.records import ExecutionFilter
from ymera_service.storage.tables import UtcDateTime, execution_labels, executions

_LARGE = ("decision", "attempts", "features")
_LISTED = [column for column in executions.c if column.name not in _LARGE]


def listing(wanted: ExecutionFilter, after: tuple[datetime, str] | None) -> Select[Any]:
    """Returns the query for executions, the latest first, without their decisions, attempts and features.

    If there are labels, the first one leads: its table holds the executions of a label in the order of time, and
    they are found in the others by its key.

    Args:
        wanted: Which ones.
        after: The creation time and id of the one that they follow.
    """
    labels = [execution_labels.alias(f"label_{number}") for number in range(len(wanted.labels))]
    lead: FromClause = labels[0] if labels else executions
    source: FromClause = lead
    for label in labels[1:]:
        source = source.join(label, and_(*(label.c[name] == lead.c[name] for name in ("created_at", "request_id"))))
    if labels:
        source = source.join(executions, executions.c.request_id == lead.c.request_id)
    query = select(*_LISTED).select_from(source).where(*_conditions(wanted, lead))
    for label, (key, value) in zip(labels, wanted.labels.items(), strict=True):
        query = query.where(label.c.key == key, label.c.value == value)
    if after is not None:
        place = tuple_(literal(after[0], UtcDateTime()), literal(after[1]))
        query = query.where(tuple_(lead.c.created_at, lead.c.request_id) < place)
    return query.order_by(lead.c.created_at.desc(), lead.c.request_id.desc())


def _conditions(wanted: ExecutionFilter, lead: FromClause) -> Iterator[ColumnElement[bool]]:
    if wanted.start is not None:
        yield lead.c.created_at >= wanted.start
    if wanted.end is not None:
        yield lead.c.created_at < wanted.end
    if wanted.status is not None:
        yield executions.c.status == wanted.status.value
    if wanted.model:
        yield executions.c.model == wanted.model
    if wanted.end_user:
        yield executions.c.end_user == wanted.end_user
        yield executions.c.end_user != literal("", literal_execute=True)  # the index leaves empty ones out
    if wanted.caller:
        yield executions.c.caller == wanted.caller
        yield executions.c.caller != literal("", literal_execute=True)
