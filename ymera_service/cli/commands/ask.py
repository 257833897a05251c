"""`ymera ask`"""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated

import grpc
import typer
from ymera.v1.content_pb2 import Citation
from ymera.v1.errors_pb2 import Error
from ymera.v1.routing_pb2 import Decision
from ymera.v1.ymera_pb2 import AttemptStarted, ExecuteStreamRequest, ExecuteStreamResponse, ExecutionCompleted
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli import options, requests
from ymera_service.cli.connect import Target, connected
from ymera_service.cli.output import Output
from ymera_service.cli.problems import CommandFailed, Problem, of_event
from ymera_service.cli.render.execution import summary
from ymera_service.cli.running import run

SIMULATED = (
    "The simulator answered, not a real model. To use real models, set OPENAI_API_KEY, ANTHROPIC_API_KEY or another "
    "vendor's key, or start Ollama, and ask again."
)


def ask(
    prompt: Annotated[
        str | None, typer.Argument(help="The prompt. `-`, or no prompt with piped input, reads standard input.")
    ] = None,
    *,
    system: Annotated[str, typer.Option(help="System instructions for the model.", show_default=False)] = "",
    file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="A text file, PDF or other document to attach; - is standard input. Repeatable."
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="An image file, or the https address of an image. Repeatable."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON Schema; the answer is JSON that conforms to it.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Sampling temperature, 0 to 2; 0 is the least random.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The maximum number of output tokens.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Time limit for the whole request.")
    ] = None,
    model: options.Models = None,
    weights: options.Weights = None,
    max_cost: options.MaxCost = None,
    session: options.Session = "",
    prefer_free: options.PreferFree = False,
    address: options.Address = "",
    api_key_file: options.ApiKeyFile = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Sends a prompt to the best model and streams the answer.

    The answer goes to standard output. One line on standard error then shows
    the model, why it was chosen, input and output tokens, cost, time, and the
    id for `ymera explain`. With --json each event of the stream is printed as
    a line of JSON.

    [dim]ymera ask "Write hello world in Python"[/dim]
    [dim]ymera ask "What is wrong here?" --file app.py --weights quality=2,cost=1[/dim]
    [dim]git diff | ymera ask --system "Write a commit message." --model 'anthropic/*'[/dim]
    """
    output = Output(as_json)
    with output.reporting():
        request = ExecuteStreamRequest(
            prompt=requests.prompt(
                requests.prompt_text(prompt),
                system=system,
                files=file or (),
                images=image or (),
                schema=schema,
                temperature=temperature,
                max_tokens=max_tokens,
            ),
            preferences=requests.preferences(
                models=model, weights=weights, max_cost_micros=max_cost, session=session, prefer_free=prefer_free
            ),
            attribution=requests.ATTRIBUTION,
        )
    run(_ask(request, timeout, Target(address, config, api_key_file), output), output)


async def _ask(request: ExecuteStreamRequest, deadline: float | None, target: Target, output: Output) -> None:
    async with connected(target) as channel:
        printer = _StreamPrinter(output)
        call = YmeraServiceStub(channel).ExecuteStream(request, timeout=deadline)
        try:
            async for event in call:
                printer.take(event)
        except grpc.aio.AioRpcError:
            if printer.problem is None:
                raise
        finally:
            call.cancel()
            printer.end_line()
        if printer.problem:
            raise CommandFailed(printer.problem)


class _StreamPrinter:
    """Prints an answer as its events arrive."""

    def __init__(self, output: Output) -> None:
        self.problem: Problem | None = None
        self._output = output
        self._began = perf_counter()
        self._request_id = ""
        self._decision = Decision()
        self._model = ""
        self._last = "\n"
        self._citations: list[Citation] = []

    def take(self, event: ExecuteStreamResponse) -> None:
        if self._output.as_json:
            self._output.event(event)
        match event.WhichOneof("event"):
            case "started":
                self._request_id, self._decision = event.started.request_id, event.started.decision
            case "attempt_started":
                self._attempt(event.attempt_started)
            case "text_delta" | "refusal_delta" as kind:
                self._say(getattr(event, kind).text)
            case "citation":
                self._citations.append(event.citation)
            case "completed":
                self._complete(event.completed)
            case "truncated" | "failed" | "cancelled" as kind:
                self._fail(kind, getattr(event, kind).error)

    def end_line(self) -> None:
        """Ends the last line of the answer with a newline if it has none."""
        if self._last != "\n":
            self._say("\n")

    def _say(self, text: str) -> None:
        if not self._output.as_json:
            self._output.say(text)
            self._last = text[-1:] or self._last

    def _remark(self, text: str) -> None:
        if not self._output.as_json:
            self._output.remark(text)

    def _attempt(self, attempt: AttemptStarted) -> None:
        if attempt.HasField("previous_error"):
            error = attempt.previous_error
            self._remark(f"{self._model} failed ({error.reason}: {error.message}); trying {attempt.model}")
        self._model = attempt.model

    def _complete(self, completed: ExecutionCompleted) -> None:
        self.end_line()
        for number, citation in enumerate(self._citations, 1):
            self._remark(f"[{number}] " + " ".join(filter(None, [citation.title, citation.uri])))
        if completed.simulated:
            self._remark(SIMULATED)
        for warning in completed.attempts[-1].warnings if completed.attempts else ():
            self._remark(f"{warning.field}: {warning.detail}")
        self._remark(summary(completed, self._decision, self._request_id, perf_counter() - self._began))

    def _fail(self, kind: str, error: Error) -> None:
        problem = of_event(error, self._request_id)
        broke_off = kind == "truncated"
        self.problem = (
            replace(problem, message=f"the answer is incomplete: {problem.message}") if broke_off else problem
        )
