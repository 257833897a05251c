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
from ymera_service.cli.failures import CommandFailed, Failure, of_event
from ymera_service.cli.output import Output
from ymera_service.cli.render.execution import summary
from ymera_service.cli.running import run

SIMULATED = (
    "The simulator answered, not a real model. For real ones set OPENAI_API_KEY, ANTHROPIC_API_KEY or another "
    "vendor's key, or start Ollama, and ask again."
)


def ask(
    prompt: Annotated[
        str | None, typer.Argument(help="What to ask. `-`, or nothing with a pipe, reads standard input.")
    ] = None,
    *,
    system: Annotated[str, typer.Option(help="Instructions to the model.", show_default=False)] = "",
    file: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A text, PDF or the like to go with it; - is standard input. Repeatable."),
    ] = None,
    image: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="A picture, or its https address. Repeatable.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON Schema; the answer is JSON that fits it.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(help="From 0, the likeliest words, to 2.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The most tokens to answer with.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Give up after this long.")
    ] = None,
    model: options.Models = None,
    weights: options.Weights = None,
    max_cost: options.MaxCost = None,
    session: options.Session = "",
    prefer_free: options.PreferFree = False,
    address: options.Address = "",
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Asks the best model and streams its answer.

    The answer goes to standard output. One line on standard error then shows
    the model, why it was chosen, tokens read and written, cost, time, and the
    id for `ymera explain`. With --json each event of the stream is a line of
    JSON.

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
        )
    run(_ask(request, timeout, Target(address, config), output), output)


async def _ask(request: ExecuteStreamRequest, deadline: float | None, target: Target, output: Output) -> None:
    async with connected(target) as channel:
        telling = _Telling(output)
        call = YmeraServiceStub(channel).ExecuteStream(request, timeout=deadline)
        try:
            async for event in call:
                telling.take(event)
        except grpc.aio.AioRpcError:
            if telling.failure is None:
                raise
        finally:
            call.cancel()
            telling.end_line()
        if telling.failure:
            raise CommandFailed(telling.failure)


class _Telling:
    """Tells an answer as its events come."""

    def __init__(self, output: Output) -> None:
        self.failure: Failure | None = None
        self._output = output
        self._began = perf_counter()
        self._request_id = ""
        self._decision = Decision()
        self._asked = ""
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
        """Ends the answer's last line."""
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
            self._remark(f"{self._asked} failed ({error.reason}: {error.message}); asking {attempt.model}")
        self._asked = attempt.model

    def _complete(self, completed: ExecutionCompleted) -> None:
        self.end_line()
        for number, citation in enumerate(self._citations, 1):
            self._remark(f"[{number}] " + " ".join(filter(None, [citation.title, citation.uri])))
        if completed.simulated:
            self._remark(SIMULATED)
        self._remark(summary(completed, self._decision, self._request_id, perf_counter() - self._began))

    def _fail(self, kind: str, error: Error) -> None:
        failure = of_event(error, self._request_id)
        broke_off = kind == "truncated"
        self.failure = replace(failure, message=f"the answer broke off: {failure.message}") if broke_off else failure
