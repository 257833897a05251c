"""Measures one task: the call and the grading."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import structlog
import uuid_utils

from ymera_service.benchmark.plan import Job
from ymera_service.plugins.boundary import Boundary
from ymera_service.plugins.containment import contained
from ymera_service.plugins.wording import trace
from ymera_service.sdk.benchmarks import Finding, Grade, PairwiseTask, written_call
from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.context import Attribution, CallContext
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    InternalError,
    MalformedResponse,
    PermissionDenied,
    ProviderError,
    ProviderOverloaded,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestError,
    StreamInterrupted,
    YmeraError,
)
from ymera_service.sdk.events import Finished, ProviderEvent, TextDelta, ToolCallDelta, UsageReported
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import GenerateRequest, Usage
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target

DEFAULT_REST = 5.0
"""Seconds that a model rests whose provider refuses calls and does not say for how long."""
_LIMITS = (RateLimited.reason, ProviderOverloaded.reason)
_OF_THE_ACCOUNT = (AuthenticationFailed, PermissionDenied, QuotaExhausted, RateLimited)
"""Failures of one account, after which the task is tried with the next one."""
_ATTRIBUTION = Attribution(agent_name="benchmark")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result of a task. `score` is None if it was not graded; `error` is the reason if it could not be.

    `duration` is in seconds, from the call to the end of the answer; `usage` is None if the provider reported none.
    `answer` is what the model wrote, and `findings` what the grading found.
    """

    job: Job
    duration: float
    usage: Usage | None
    score: float | None = None
    error: Failure | None = None
    answer: str = ""
    findings: Sequence[Finding] = ()

    @property
    def cost_micros(self) -> int | None:
        """The cost of the call in micro-USD; None if usage or price is not known."""
        return None if self.usage is None else self.job.model.cost_micros(self.usage)

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the task is worth another try; None if it is not, or costs something each time."""
        if self.error is None or self.error.reason not in _LIMITS or self.usage is not None:
            return None
        return DEFAULT_REST if self.error.retry_after is None else self.error.retry_after


@dataclass(slots=True)
class _CollectedAnswer:
    texts: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    """The parts of calls of tools, the name first, by index."""
    usage: Usage | None = None
    finished: bool = False

    @property
    def written(self) -> str:
        """What is graded: the text, and the calls of tools."""
        calls = (written_call(name, "".join(arguments)) for name, *arguments in self.calls.values())
        return "\n".join(["".join(self.texts), *calls]) if self.calls else "".join(self.texts)

    def take(self, event: ProviderEvent) -> None:
        match event:
            case TextDelta(choice=0):
                self.texts.append(event.text)
            case ToolCallDelta(index, _, name, arguments):
                self.calls.setdefault(index, [name]).append(arguments)
            case UsageReported(usage) if usage.is_credible:
                self.usage = usage
            case Finished():
                self.finished = True
            case _:
                pass


async def measure(
    job: Job, provider: Provider, boundary: Boundary, seconds: float, clock: Callable[[], float]
) -> Measurement:
    """Sends a task to a model and grades the answer. Errors of the provider or the grader are not raised.

    A call that an account may not make is repeated with the model's next account.

    Args:
        job: The task, and the model to do it.
        provider: The model's provider.
        boundary: Converts exceptions of the provider's code.
        seconds: The time limit of the call, and of the grading.
        clock: Returns the time in seconds.
    """
    for target in _in_turn(job):
        answer = _CollectedAnswer()
        began = clock()
        deadline = asyncio.get_running_loop().time() + seconds
        context = CallContext(str(uuid_utils.uuid7()), target, deadline, _ATTRIBUTION)
        failure = await _call(job, context, provider, boundary, answer)
        duration = clock() - began
        if answer.usage is not None or not isinstance(failure, _OF_THE_ACCOUNT):
            break
    written = answer.written
    if failure is not None:
        return Measurement(job, duration, answer.usage, error=Failure.of(failure), answer=written)
    if isinstance(job.task, PairwiseTask):
        return Measurement(job, duration, answer.usage, answer=written)
    try:
        grade = await _grade(job, written, seconds)
    except YmeraError as error:
        return Measurement(job, duration, answer.usage, error=Failure.of(error), answer=written)
    return Measurement(job, duration, answer.usage, grade.score, answer=written, findings=grade.findings)


def _in_turn(job: Job) -> Sequence[Target]:
    """Returns the targets of a model: each task begins with another one, so that all keys take part."""
    targets = job.model.targets
    first = crc32(job.task.id.encode()) % len(targets)
    return [*targets[first:], *targets[:first]]


async def _call(
    job: Job, context: CallContext, provider: Provider, boundary: Boundary, answer: _CollectedAnswer
) -> ProviderError | RequestError | None:
    request = GenerateRequest(job.model.info.name, job.task.prompt, stream=True)
    scope = asyncio.timeout_at(context.deadline)
    try:
        async with scope, boundary.calling(provider, request, context) as events:
            async for event in events:
                answer.take(event)
                if answer.finished:
                    return None
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything; the boundary sorts it
        if scope.expired() and isinstance(error, TimeoutError):
            return ProviderTimeout(f"{job.model.id} did not answer in time")
        return _failure(boundary, error, job)
    return StreamInterrupted(f"{job.model.id} stopped before the end of its answer")


def _failure(boundary: Boundary, error: BaseException, job: Job) -> ProviderError | RequestError:
    try:
        return boundary.failure_of(error, job.model.id)
    except RequestError as refused:
        return refused.detached()


async def _grade(job: Job, answer: str, seconds: float) -> Grade:
    def given_up(place: str) -> None:
        _log.error("grading given up, as it ignores its cancellation", suite=job.suite.name, function=place)

    try:
        async with asyncio.timeout(seconds):
            grade = await contained(job.suite.grade(job.task, answer), given_up)
        grade = Grade(float(grade.score), tuple(grade.findings)) if isinstance(grade, Grade) else Grade(float(grade))
    except MalformedResponse:  # a judge's answer without a verdict, which the suite is not to blame for
        raise
    except BaseException as error:
        if being_cancelled():
            raise
        _log.error("grader_failed", suite=job.suite.name, task=job.task.id, exception=trace(error))
        raise InternalError(f"suite {job.suite.name!r} could not grade: {type(error).__name__}") from error
    if not 0 <= grade.score <= 1:  # false for NaN, too
        _log.error("grader_failed", suite=job.suite.name, task=job.task.id, score=grade.score)
        raise InternalError(f"suite {job.suite.name!r} returned the score {grade.score}, which is not from 0 to 1")
    return grade
