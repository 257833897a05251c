"""`ymera benchmark`"""

import asyncio
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import grpc
import typer
from google.protobuf.duration_pb2 import Duration
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from ymera.v1.benchmarks_pb2 import ListBenchmarkResultsRequest, ListBenchmarkResultsResponse, ListBenchmarkRunsResponse
from ymera.v1.ymera_pb2 import BenchmarkProgress, BenchmarkRequest, BenchmarkResponse, OwnSuite
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.asking import confirmed
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.measuring import planned
from ymera_service.cli.output import Output
from ymera_service.cli.past_benchmarks import LAST, latest_runs, results_of, unfinished_run, whole_run_id
from ymera_service.cli.problems import FAILED, wrong
from ymera_service.cli.render import past_benchmarks
from ymera_service.cli.render.benchmark import choices, ending, interrupted, plan, scores
from ymera_service.cli.running import run
from ymera_service.cli.suites import own_suite

MAX_MINUTES = 1_000_000

_Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="Only these models, by name or pattern such as 'openai/*'. Repeatable; default all.",
        autocompletion=completion.models,
    ),
]
_Suites = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SUITE",
        help="Only these suites. Repeatable; default all.",
        autocompletion=completion.names("suites"),
    ),
]
_Categories = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CATEGORY",
        help="Only these categories. Repeatable; default all.",
        autocompletion=completion.names("categories"),
    ),
]
_Own = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Run your own tasks instead: a JSON object a line. Needs --as-category."),
]
_AsCategory = Annotated[
    str, typer.Option(metavar="NAME", help="The category of your own tasks, also a new one.", show_default=False)
]
_Tasks = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        help="The maximum number of tasks per suite and category. Default: 5, or 30 if adaptive, or all of your own.",
    ),
]
_Seed = Annotated[
    int | None,
    typer.Option(min=0, max=2**32 - 1, help="Seed for the choice of tasks, to repeat a run. Default: drawn."),
]
_Concurrency = Annotated[int, typer.Option(min=1, max=64, help="The maximum number of tasks run at the same time.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Begin without asking.")]
_Budget = Annotated[
    int | None,
    typer.Option(
        parser=options.usd,
        metavar="USD",
        help="Begin without asking, and stop before this amount is spent. Models of unknown price are left out.",
    ),
]
_Adaptive = Annotated[
    bool | None,
    typer.Option(
        "--adaptive/--all-tasks",
        help="Run only tasks that may change which model is chosen, those first that add most to what is known. "
        "Default: adaptive if there is a limit.",
        show_default=False,
    ),
]
_Judges = Annotated[
    list[str] | None,
    typer.Option(
        "--judge",
        metavar="MODEL",
        help="Also run tasks without a right answer, whose answers this model compares. Not measured. Repeatable.",
        autocompletion=completion.models,
    ),
]
_MaxRequests = Annotated[
    int | None, typer.Option(min=0, max=options.MAX_COUNT, help="Make at most this many calls of models.")
]
_MaxMinutes = Annotated[
    float | None, typer.Option(min=0, max=MAX_MINUTES, help="Begin no more tasks after this many minutes.")
]
_Resume = Annotated[
    str,
    typer.Option(
        metavar="RUN",
        help="Go on with a run that was interrupted, by its id, the beginning of it, or 'last'.",
        show_default=False,
    ),
]

app = typer.Typer(add_completion=False, rich_markup_mode="rich", invoke_without_command=True)


@app.callback()
@options.of_server
def benchmark(
    context: typer.Context,
    *,
    models: _Models = None,
    suites: _Suites = None,
    categories: _Categories = None,
    suite: _Own = None,
    as_category: _AsCategory = "",
    tasks: _Tasks = None,
    seed: _Seed = None,
    concurrency: _Concurrency = 4,
    yes: _Yes = False,
    budget: _Budget = None,
    max_requests: _MaxRequests = None,
    max_minutes: _MaxMinutes = None,
    adaptive: _Adaptive = None,
    judge: _Judges = None,
    resume: _Resume = "",
    server: Server,
    output: Output,
) -> None:
    """Measures models on tasks whose answers are checked. Routing uses the scores from then on.

    The providers charge for the calls, so it says first how many there are and
    what they will probably cost, and asks. Results from before an interruption
    are kept, and --resume does only what is left. With --json each event is
    printed as a line of JSON.

    With a limit the run is adaptive: the next task is the one that is most likely
    to change which model is chosen, and the run ends when none is.

    With --suite the tasks are your own, as in {"prompt": "…", "answer": "refund"}.
    `ymera ask --category` then takes the models that are best at them.

    [dim]ymera benchmark --models 'ollama/*' --categories coding --tasks 20[/dim]
    [dim]ymera benchmark --models 'openai/*' --budget 0.50[/dim]
    [dim]ymera benchmark --adaptive --max-requests 200[/dim]
    [dim]ymera benchmark --suites conversations --judge 'anthropic/claude-opus-4-1*'[/dim]
    [dim]ymera benchmark --suite my.jsonl --as-category support[/dim]
    [dim]ymera benchmark --resume last[/dim]
    """
    if context.invoked_subcommand is not None:
        return
    with output.reporting():
        own = _own_suite(suite, as_category)
    limited = any(limit is not None for limit in (budget, max_requests, max_minutes))
    request = BenchmarkRequest(
        models=models or (),
        suites=suites or (),
        categories=categories or (),
        tasks_per_category=tasks or 0,
        seed=seed,
        concurrency=concurrency,
        max_cost_micros=budget,
        max_requests=max_requests,
        max_duration=None if max_minutes is None else _duration(max_minutes),
        adaptive=not resume and (limited and not judge if adaptive is None else adaptive),
        judge_models=judge or (),
        own_suite=own,
        resume_run_id=resume,
    )
    consent = yes or budget is not None
    run(_benchmark(request, consent, server, output, _resuming(server, suite, as_category)), output)


def _own_suite(suite: Path | None, as_category: str) -> OwnSuite | None:
    if (suite is None) != (not as_category):
        raise wrong("--suite and --as-category go together", "As in --suite my.jsonl --as-category support.")
    return own_suite(suite, as_category) if suite else None


def _duration(minutes: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(minutes=minutes))
    return duration


@app.command()
@options.of_server
def show(
    run_id: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="The id of a run, the beginning of it, or 'last'; without it, the runs are listed.",
            show_default=False,
        ),
    ] = "",
    *,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Only results of the model with this id.",
            autocompletion=completion.models,
        ),
    ] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only results that are not wholly right.")] = False,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=1000, help="How many to show.")] = 20,
    server: Server,
    output: Output,
) -> None:
    """Lists past runs, or shows what models answered in one, and why it got its score.

    [dim]ymera benchmark show last --failed --model openai/gpt-5[/dim]
    """
    with output.reporting():
        if not run_id and (model or failed):
            raise wrong("--model and --failed need a run", "As in `ymera benchmark show last --failed`.")
    request = ListBenchmarkResultsRequest(run_id=run_id, model=model, failed_only=failed, page_size=number)
    run(_show(request, server, output), output)


async def _show(request: ListBenchmarkResultsRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        if not request.run_id:
            listed = await latest_runs(channel, request.page_size)
            output.show(ListBenchmarkRunsResponse(runs=listed), *past_benchmarks.runs(listed))
            return
        request.run_id = await whole_run_id(channel, request.run_id)
        found, more = await results_of(channel, request)
    output.show(ListBenchmarkResultsResponse(results=found), *past_benchmarks.results(found, more=more))


def _resuming(server: Server, suite: Path | None, as_category: str) -> str:
    """Returns the command that goes on with the run that was interrupted last."""
    given = {
        "--suite": suite,
        "--as-category": as_category,
        "--address": server.address,
        "--api-key-file": server.api_key_file,
        "--config": server.config,
    }
    options = [str(each) for name, value in given.items() if value for each in (name, value)]
    return shlex.join(["ymera", "benchmark", "--resume", LAST, *options])


async def _benchmark(request: BenchmarkRequest, consent: bool, server: Server, output: Output, resuming: str) -> None:
    async with connected(server) as channel:
        if request.resume_run_id:
            request.resume_run_id = await whole_run_id(channel, request.resume_run_id, unfinished=True)
        if not output.as_json:
            what = await planned(channel, request)
            if not request.resume_run_id:
                request.seed = what.seed
            output.remark(plan(what, request), style="")
        if not consent and not await confirmed("Begin?", output):
            raise typer.Exit(FAILED)
        await _measure(channel, request, output, resuming)


async def _measure(channel: grpc.aio.Channel, request: BenchmarkRequest, output: Output, resuming: str) -> None:
    """Runs the measurement.

    If it is interrupted, what was done and spent until then is printed, and the command that goes on.
    """
    run_id = ""
    with _progress(output) as progress:
        call = YmeraServiceStub(channel).Benchmark(request)
        try:
            async for event in call:
                run_id = event.started.run_id or run_id
                _print(event, progress, output)
        except asyncio.CancelledError:
            call.cancel()
            progress.stop()
            if run_id and (left := await unfinished_run(channel, run_id)):
                output.remark(interrupted(left, resuming), style="")
            raise
        finally:
            call.cancel()


def _progress(output: Output) -> Progress:
    """Returns a progress bar on standard error; if that is not a terminal, nothing is drawn."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    return Progress(
        *columns, console=output.remarks, transient=True, disable=output.as_json or not output.remarks.is_terminal
    )


def _print(event: BenchmarkResponse, progress: Progress, output: Output) -> None:
    if output.as_json:
        output.event(event)
        return
    match event.WhichOneof("event"):
        case "started":
            progress.add_task("", total=event.started.total_tasks, completed=event.started.completed_tasks)
        case "progress":
            _advance(event.progress, progress, output)
        case "completed":
            progress.stop()
            output.show(event, *scores(event.completed), *choices(event.completed))
            output.remark(ending(event.completed), style="")


def _advance(done: BenchmarkProgress, progress: Progress, output: Output) -> None:
    for task in progress.task_ids:
        progress.update(task, completed=done.completed_tasks, description=f"{done.model} {done.category}")
    if done.HasField("error"):
        output.remark(f"{done.model}, {done.suite} {done.task_id}: {done.error.message}")
