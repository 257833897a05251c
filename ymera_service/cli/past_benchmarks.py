"""Finds past runs of benchmarks, and their results."""

from collections.abc import Sequence

import grpc
from ymera.v1.benchmarks_pb2 import (
    BenchmarkResult,
    BenchmarkRun,
    ListBenchmarkResultsRequest,
    ListBenchmarkRunsRequest,
)
from ymera.v1.benchmarks_pb2_grpc import BenchmarkServiceStub

from ymera_service.cli.problems import wrong

LAST = "last"
"""Stands for the latest run, or the latest one that is unfinished if a run is to be resumed."""
_PAGE = 1000
_WHOLE_ID = 36
_PATIENCE = 2.0
"""Seconds that a command that was interrupted waits for what it adds."""


async def whole_run_id(channel: grpc.aio.Channel, given: str, *, unfinished: bool = False) -> str:
    """Returns the id of the run that `last` or the beginning of an id stands for.

    Raises:
        CommandFailed: No run of the latest 1,000 has such an id, or several have.
    """
    if len(given) >= _WHOLE_ID:
        return given
    page = await BenchmarkServiceStub(channel).ListBenchmarkRuns(ListBenchmarkRunsRequest(page_size=_PAGE))
    if given == LAST:
        found = [run for run in page.runs if not (unfinished and run.HasField("end_time"))][:1]
    else:
        found = [run for run in page.runs if run.run_id.startswith(given)]
    if not found:
        which = "unfinished run" if unfinished and given == LAST else f"run {given!r}"
        raise wrong(f"no {which} is stored", "`ymera benchmark show` lists the runs.")
    if len(found) > 1:
        raise wrong(f"{len(found)} runs have an id that begins with {given}", *[run.run_id for run in found[:10]])
    return found[0].run_id


async def unfinished_run(channel: grpc.aio.Channel, run_id: str) -> BenchmarkRun | None:
    """Returns one of the latest runs; None if it is finished, or the server doesn't answer within 2 seconds."""
    request = ListBenchmarkRunsRequest(page_size=_PAGE)
    try:
        page = await BenchmarkServiceStub(channel).ListBenchmarkRuns(request, timeout=_PATIENCE)
    except grpc.aio.AioRpcError:
        return None
    return next((run for run in page.runs if run.run_id == run_id and not run.HasField("end_time")), None)


async def latest_runs(channel: grpc.aio.Channel, number: int) -> Sequence[BenchmarkRun]:
    """Returns the latest runs."""
    page = await BenchmarkServiceStub(channel).ListBenchmarkRuns(ListBenchmarkRunsRequest(page_size=number))
    return list(page.runs)


async def results_of(
    channel: grpc.aio.Channel, request: ListBenchmarkResultsRequest
) -> tuple[Sequence[BenchmarkResult], bool]:
    """Returns results of a run, at most as many as a page has, and whether there are more."""
    page = await BenchmarkServiceStub(channel).ListBenchmarkResults(request)
    return list(page.results), bool(page.next_page_token)
