"""Past executions, as they were recorded."""

from dataclasses import dataclass

from ymera_service.execution.facts import Turn
from ymera_service.execution.reading import failure_from_json, turns_from_json
from ymera_service.routing.decision import Decision
from ymera_service.routing.stored import from_json
from ymera_service.sdk.errors import ExecutionNotFound, Failure
from ymera_service.serving.checks.violations import Violations
from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionRecord

MAX_REQUEST_ID = 128


@dataclass(frozen=True, slots=True)
class PastExecution:
    """A record and what is stored in it, read."""

    record: ExecutionRecord
    decision: Decision
    turns: tuple[Turn, ...]
    error: Failure | None


class History:
    """Finds past executions. If they are `private`, each only for its caller."""

    def __init__(self, database: Database, *, private: bool = False) -> None:
        self._database = database
        self._private = private

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
        error = failure_from_json(record.error) if record.error else None
        return PastExecution(record, from_json(record.decision), turns_from_json(record.attempts), error)
