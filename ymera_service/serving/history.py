"""Past executions, as they were recorded: one by its id, or page by page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ymera_service.catalog import CatalogSnapshot
from ymera_service.catalog.versions import from_json as models_from_json
from ymera_service.execution.facts import Turn
from ymera_service.execution.reading import failure_from_json, turns_from_json
from ymera_service.routing.decision import Decision
from ymera_service.routing.prompts.features import from_json as features_from_json
from ymera_service.routing.replay.recomputing import NotRecomputable
from ymera_service.routing.router import Router
from ymera_service.routing.stored import from_json
from ymera_service.sdk.errors import ExecutionNotFound, YmeraError
from ymera_service.sdk.failures import Failure
from ymera_service.serving.checks.filters import check_filter
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.listing import after_of, page_size, token_of
from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionFilter, ExecutionRecord

MAX_REQUEST_ID = 128


@dataclass(frozen=True, slots=True)
class PastExecution:
    """A record and what is stored in it, read; in a list without decision and turns."""

    record: ExecutionRecord
    decision: Decision | None
    turns: tuple[Turn, ...]
    error: Failure | None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A past decision with every candidate and exclusion; without it, `problem` says why."""

    decision: Decision | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some executions, the latest first; `next_token` is empty on the last page."""

    executions: Sequence[PastExecution]
    next_token: str


class History:
    """Finds past executions. If they are `private`, each only for its caller."""

    def __init__(self, database: Database, router: Router, *, private: bool = False) -> None:
        self._database = database
        self._router = router
        self._private = private
        self._recomputing = asyncio.Lock()

    async def find(self, request_id: str, caller: str = "") -> PastExecution:
        """Returns one past execution, as far as this caller may see it.

        Raises:
            InvalidRequest: The id can't be one.
            ExecutionNotFound: No execution of that id is stored, or it is another caller's.
            StorageUnavailable: The database can't be read.
        """
        faults = Violations()
        faults.text("request_id", request_id, required=True, max_length=MAX_REQUEST_ID)
        faults.check()
        record = await self._database.executions.get(request_id)
        if record is None or (self._private and record.caller != caller):
            raise ExecutionNotFound(
                f"no request {request_id!r} is stored; give the request_id of an earlier answer",
                metadata={"field": "request_id", "request_id": request_id},
            )
        return PastExecution(record, from_json(record.decision), turns_from_json(record.attempts), _error(record))

    async def recompute(self, past: PastExecution) -> Recomputed:
        """Computes a decision again, with every candidate; one at a time, as that takes a thread.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        decision = past.decision
        if decision is None:
            return Recomputed(None, "no decision was made")
        async with self._recomputing:
            version = await self._database.catalog_versions.get(decision.inputs.catalog_version)
            if version is None:
                return Recomputed(None, "the catalogue of that time is no longer stored")
            try:
                return Recomputed(await asyncio.to_thread(_recomputed, self._router, past, version.models))
            except NotRecomputable as problem:
                return Recomputed(None, str(problem))
            except YmeraError as error:
                return Recomputed(None, f"by what is known now: {error.message}")

    async def page(
        self, wanted: ExecutionFilter, faults: Violations, *, caller: str = "", size: int, token: str
    ) -> HistoryPage:
        """Returns a page of executions, as far as this caller may see them.

        Args:
            wanted: Which ones.
            faults: What the conversion of the filter found.
            caller: Who asks.
            size: The most executions; 0 means 100, more than 1,000 means 1,000.
            token: The `next_token` of the page before; empty for the first.

        Raises:
            InvalidRequest: The filter or the size is not valid, or this server did not give the token for this filter.
            StorageUnavailable: The database can't be read.
        """
        check_filter(wanted, faults)
        if self._private:
            wanted = replace(wanted, caller=caller)
        most, scope = page_size(size, faults), repr(wanted)
        after = after_of(token, scope, faults)
        faults.check()
        found = await self._database.executions.latest(wanted, limit=most + 1, after=_place(after) if after else None)
        records = found[:most]
        past = [PastExecution(record, None, (), _error(record)) for record in records]
        return HistoryPage(past, token_of(_after(records[-1]), scope) if len(found) > most else "")


def _recomputed(router: Router, past: PastExecution, models: bytes) -> Decision:
    assert past.decision is not None
    try:
        catalog = CatalogSnapshot(models_from_json(models), {})
    except ValueError as error:
        raise NotRecomputable("another version of Ymera stored the catalogue of that time") from error
    features = features_from_json(past.record.features) if past.record.features else None
    return router.recompute(past.decision, catalog, past.record.operation, features)


def _error(record: ExecutionRecord) -> Failure | None:
    return failure_from_json(record.error) if record.error else None


def _after(record: ExecutionRecord) -> str:
    return f"{record.created_at.isoformat()} {record.request_id}"


def _place(after: str) -> tuple[datetime, str]:
    created_at, _, request_id = after.partition(" ")
    return datetime.fromisoformat(created_at), request_id
