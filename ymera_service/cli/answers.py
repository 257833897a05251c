"""Prints an answer as its events arrive."""

from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Self

import grpc
from rich.status import Status
from ymera.v1.content_pb2 import Citation
from ymera.v1.errors_pb2 import Error
from ymera.v1.routing_pb2 import Decision
from ymera.v1.ymera_pb2 import AttemptStarted, ExecuteStreamRequest, ExecuteStreamResponse, ExecutionCompleted
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli.output import Output
from ymera_service.cli.problems import Problem, of_event
from ymera_service.cli.render.code import last_code_block
from ymera_service.cli.render.execution import summary
from ymera_service.cli.render.text import clean

SIMULATED = (
    "The simulator answered, not a real model. To use real models, set OPENAI_API_KEY, ANTHROPIC_API_KEY or another "
    "vendor's key, or start Ollama, and ask again."
)


async def stream(
    channel: grpc.aio.Channel, request: ExecuteStreamRequest, deadline: float | None, answer: "ShownAnswer"
) -> None:
    """Executes a request and prints its answer; see `ShownAnswer.problem` for a failure that the answer reports.

    Raises:
        grpc.aio.AioRpcError: The request failed before it had begun.
    """
    answer.asked()
    call = YmeraServiceStub(channel).ExecuteStream(request, timeout=deadline)
    try:
        async for event in call:
            answer.take(event)
    except grpc.aio.AioRpcError:
        if answer.problem is None:
            raise
    finally:
        call.cancel()


class ShownAnswer:
    """An answer that is being printed, from the entry of the `with` block to its exit.

    On a terminal, a spinner is shown until the first words arrive, and thinking is shown dimmed.

    Attributes:
        problem: Why the execution failed, or None.
        request_id: The id of the execution; empty until it has started.
        decision: The decision; empty until the execution has started.
        is_real: Whether it is complete, and from a real model.
    """

    def __init__(self, output: Output, *, extract: bool = False) -> None:
        self.problem: Problem | None = None
        self._texts: list[str] = []
        self.request_id = ""
        self._output = output
        self._extract = extract
        self._began = perf_counter()
        self.decision = Decision()
        self.is_real = False
        self._replayed = False
        self._model = ""
        self._last = "\n"
        self._thinks = False
        self._citations: list[Citation] = []
        self._spinner = Status("", console=output.remarks) if output.is_interactive else None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._texts)

    def __enter__(self) -> Self:
        if self._spinner:
            self._spinner.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._begin_words()
        self._end_line()

    def asked(self) -> None:
        """Begins to take the time: a server of the command's own had to start before."""
        self._began = perf_counter()

    def take(self, event: ExecuteStreamResponse) -> None:
        """Prints an event."""
        if self._output.as_json:
            self._output.event(event)
        match event.WhichOneof("event"):
            case "started":
                self.request_id, self.decision = event.started.request_id, event.started.decision
                self._replayed = event.started.replayed
            case "attempt_started":
                self._attempt(event.attempt_started)
            case "reasoning_delta":
                self._think(event.reasoning_delta.text)
            case "text_delta" | "refusal_delta" as kind:
                self._answer(getattr(event, kind).text)
            case "citation":
                self._citations.append(event.citation)
            case "completed":
                self._complete(event.completed)
            case "truncated" | "failed" | "cancelled" as kind:
                self._fail(kind, getattr(event, kind).error)

    def _think(self, text: str) -> None:
        if text and self._output.is_interactive:
            self._stop_spinner()
            self._thinks = True
            self._output.think(text)

    def _answer(self, text: str) -> None:
        self._texts.append(text)
        if not self._extract:
            self._say(text)

    def _say(self, text: str) -> None:
        if not self._output.as_json:
            self._begin_words()
            self._output.say(text)
            self._last = text[-1:] or self._last

    def _begin_words(self) -> None:
        """Ends what is shown before an answer, so that the answer begins on a line of its own."""
        self._stop_spinner()
        if self._thinks:
            self._thinks = False
            self._output.remark("\n")

    def _stop_spinner(self) -> None:
        if self._spinner:
            self._spinner.stop()
            self._spinner = None

    def _end_line(self) -> None:
        if self._last != "\n":
            self._say("\n")

    def _remark(self, text: str) -> None:
        if not self._output.as_json:
            self._output.remark(text)

    def _attempt(self, attempt: AttemptStarted) -> None:
        if attempt.HasField("previous_error"):
            error = attempt.previous_error
            self._remark(f"{self._model} failed ({error.reason}: {error.message}); trying {attempt.model}")
        self._model = attempt.model
        if self._spinner:
            self._spinner.update(clean(attempt.model, "dim"))

    def _complete(self, completed: ExecutionCompleted) -> None:
        if self._extract:
            self._say(last_code_block(self.text) or self.text)
        self._begin_words()
        self._end_line()
        for number, citation in enumerate(self._citations, 1):
            self._remark(f"[{number}] " + " ".join(filter(None, [citation.title, citation.uri])))
        self.is_real = not completed.simulated
        if completed.simulated:
            self._remark(SIMULATED)
        for warning in completed.attempts[-1].warnings if completed.attempts else ():
            self._remark(f"{warning.field}: {warning.detail}")
        if self._replayed:
            self._remark("This is the answer to the first request with this idempotency key; it is not charged again.")
        self._remark(summary(completed, self.decision, self.request_id, perf_counter() - self._began))

    def _fail(self, kind: str, error: Error) -> None:
        if self._extract:
            self._say(self.text)
        problem = of_event(error, self.request_id)
        broke_off = kind == "truncated"
        self.problem = (
            replace(problem, message=f"the answer is incomplete: {problem.message}") if broke_off else problem
        )
