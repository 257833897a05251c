"""What is noted of work before a call is recorded if the process ends: with its operation, and an estimate."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest

from ymera_service.execution.answer import AnswerCollector
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.deadlines import Deadlines
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.recording import Recording
from ymera_service.execution.unsettled import unsettled_execution
from ymera_service.routing.decision import Decision, Inputs, Preferences, Weights
from ymera_service.sdk.generation import Prompt, Usage
from ymera_service.sdk.models import Kind, Model, ModelInfo, Price
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import CountRequest, EmbedRequest, WorkRequest
from ymera_service.storage import Recorder
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus, Operation
from ymera_service.telemetry.timing import Timings

TARGET = Target("a", "a/m")
PRICE = Price(1_000_000, 0, per_request=5)
MODEL = Model("a/m", "a", ModelInfo("m", kind=Kind.EMBED, max_batch_inputs=2), PRICE, (TARGET,))
DECISION = Decision("c", {"c": 1.0}, (), 1, (), "p", Weights(0, 0, 1), 1, 1.0, "why", Inputs("v", "p"))


class Notes:
    """Keeps the latest note."""

    latest = b""

    def note(self, note: bytes, slot: int | None) -> int:
        self.latest = note
        return 0


@pytest.mark.parametrize(
    ("work", "done", "operation", "tokens", "micros"),
    [
        (EmbedRequest("", ("12345678", "1234", "1234")), 0, Operation.EMBEDDINGS, 3, 8),
        (EmbedRequest("", ("12345678", "1234", "1234")), 2, Operation.EMBEDDINGS, 1, 6),
        (CountRequest("", Prompt(())), 0, Operation.COUNT_TOKENS, 0, 0),
    ],
)
async def test_the_next_call_is_noted_with_what_it_will_consume(
    work: WorkRequest, done: int, operation: Operation, tokens: int, micros: int
) -> None:
    notes, deadline = Notes(), asyncio.get_running_loop().time() + 60
    request = ExecutionRequest("id", Prompt(()), Preferences(), deadline, work=work)
    execution = Execution(request, stream=False, created_at=datetime.now(UTC), began=0.0).routed(DECISION).with_turn()
    context = ExecutionContext(execution, AnswerCollector(), Timings(), Deadlines().scope(deadline), done=done)
    Recording(cast("Recorder", notes)).begin(context, 1, TARGET, MODEL)
    note: dict[str, Any] = orjson.loads(notes.latest)
    (record,) = unsettled_execution(note)
    assert isinstance(record, ExecutionRecord)
    assert (record.operation, record.status) == (operation, ExecutionStatus.UNKNOWN)
    assert (record.usage, record.cost_micros, record.usage_estimated) == (Usage(tokens), micros, True)
