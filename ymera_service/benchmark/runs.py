"""What is stored of a run: its plan, the result of each task, and what was asked and answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from ymera_service.benchmark.judging import JudgingTask
from ymera_service.benchmark.measuring import Measurement
from ymera_service.sdk.benchmarks import Finding
from ymera_service.sdk.content import Message, Text
from ymera_service.sdk.generation import Usage
from ymera_service.storage.records import BenchmarkAnswer, BenchmarkResult

BENCHMARK_NOTE = "benchmark"
"""The kind of the notes in the journal that `unsettled_result` reads."""
LONGEST_TEXT = 8_000
"""Characters that are kept of a prompt and of an answer, as many as are graded."""
MOST_FINDINGS = 64
"""Findings that are kept of an answer,"""
LONGEST_FINDING = 500
"""and characters of each."""
_BEGINNING = 2_000
"""Of the characters that are kept, those from the beginning; the others are from the end, where the question is."""


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """What a run measures: the ids of its models, the names of its suites, and how their tasks are drawn.

    `own_category` is that of the caller's own suite; empty if the suites are installed ones. What is `scheduled` is run
    by the server itself, and is not resumed once its money is spent.
    """

    models: Sequence[str]
    suites: Sequence[str]
    categories: Sequence[str]
    tasks_per_category: int
    seed: int
    total_tasks: int
    max_cost_micros: int | None = None
    own_category: str = ""
    scheduled: bool = False
    adaptive: bool = False
    max_requests: int | None = None
    judges: Sequence[str] = field(default_factory=list)

    def to_json(self) -> bytes:
        """Returns it as it is stored."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, stored: bytes) -> "StoredPlan":
        """Reads what `to_json` wrote.

        Raises:
            ValueError, TypeError: It is not such a plan, or one of another version of Ymera.
        """
        return cls(**orjson.loads(stored))


def result_of(run_id: str, measurement: Measurement) -> BenchmarkResult:
    """Returns the result of a task as it is stored."""
    job = measurement.job
    return BenchmarkResult(
        run_id=run_id,
        created_at=datetime.now(UTC),
        model=job.model.id,
        suite=job.suite.name,
        category=job.task.category,
        task_id=job.task.id,
        score=None if isinstance(job.task, JudgingTask) else measurement.score,
        duration=measurement.duration,
        usage=measurement.usage or Usage(),
        cost_micros=measurement.cost_micros,
        error_reason=measurement.error.reason if measurement.error else "",
    )


def unsettled_result(note: Mapping[str, Any]) -> Sequence[BenchmarkResult]:
    """Returns what to record for a task whose call was noted before the process ended.

    Raises:
        KeyError, TypeError, ValueError: It is not such a note.
    """
    result = note["result"]
    created_at, usage = datetime.fromisoformat(result["created_at"]), Usage(**result["usage"])
    return (BenchmarkResult(**dict(result) | {"created_at": created_at, "usage": usage}),)


def answer_of(result: BenchmarkResult, measurement: Measurement, redact: Callable[[str], str]) -> BenchmarkAnswer:
    """Returns what was asked and answered in a task as it is kept: without secrets, and bounded in size."""
    findings = list(measurement.findings)
    if measurement.error is not None:
        findings.append(Finding("call", passed=False, detail=measurement.error.message))
    kept = [
        {"name": _kept(each.name, redact), "passed": bool(each.passed), "detail": _kept(each.detail, redact)}
        for each in findings[:MOST_FINDINGS]
    ]
    return BenchmarkAnswer(
        run_id=result.run_id,
        model=result.model,
        suite=result.suite,
        task_id=result.task_id,
        created_at=result.created_at,
        prompt=shortened(redact(_transcript(measurement.job.task.prompt.messages))),
        answer=shortened(redact(measurement.answer)),
        findings=orjson.dumps(kept),
    )


def findings_from_json(stored: bytes) -> list[Finding]:
    """Reads the findings that `answer_of` wrote."""
    return [Finding(**each) for each in orjson.loads(stored)]


def shortened(text: str) -> str:
    """Returns a text that can be stored; of one that is too long, the beginning and the end."""
    if len(text) > LONGEST_TEXT:
        left_out = len(text) - LONGEST_TEXT
        text = f"{text[:_BEGINNING]}\n… {left_out:,} characters left out …\n{text[left_out + _BEGINNING :]}"
    return _storable(text)


def _kept(text: str, redact: Callable[[str], str]) -> str:
    return _storable(redact(str(text)[: 8 * LONGEST_FINDING])[:LONGEST_FINDING])


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and no database half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _transcript(messages: Sequence[Message]) -> str:
    """Returns the texts of a prompt, with the role before each if there are several messages."""
    said = [(message.role, _text(message)) for message in messages]
    return said[0][1] if len(said) == 1 else "\n\n".join(f"{role.value}: {text}" for role, text in said)


def _text(message: Message) -> str:
    return "\n".join(
        part.text if isinstance(part, Text) else f"[{type(part).__name__.lower()}]" for part in message.parts
    )
