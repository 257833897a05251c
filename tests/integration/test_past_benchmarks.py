"""Past runs of benchmarks over gRPC: page by page, for the caller that made them, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import benchmarks_pb2 as pb
from ymera.v1 import benchmarks_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from tests.integration.test_access import CHECKOUT, SEARCH, key, reason
from ymera_service.access.keys import digest
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 30
SECRET = "sk-lab-0123456789"
MODELS = ["lab/parrot", "lab/echo-key"]


async def measured(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, *metadata: tuple[str, str], tasks: int = 3) -> str:
    request = ymera_pb2.BenchmarkRequest(models=MODELS, suites=["lab"], tasks_per_category=tasks, seed=5)
    events = [event async for event in stub.Benchmark(request, metadata=metadata, timeout=WAIT)]
    assert events[-1].HasField("completed"), events[-1]
    return events[-1].completed.run_id


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(plugins={"lab": {"api_key": SECRET}})


@pytest.fixture
def past(channel: grpc.aio.Channel) -> benchmarks_pb2_grpc.BenchmarkServiceAsyncStub:
    return benchmarks_pb2_grpc.BenchmarkServiceStub(channel)


async def test_a_run_is_listed_with_its_results_page_by_page(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, past: benchmarks_pb2_grpc.BenchmarkServiceAsyncStub
) -> None:
    first, second = await measured(stub), await measured(stub)
    page = await past.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest(page_size=1))
    rest = await past.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest(page_token=page.next_page_token))
    [run], [older] = page.runs, rest.runs
    assert (run.run_id, older.run_id, rest.next_page_token) == (second, first, "")
    assert (run.total_tasks, run.completed_tasks, run.seed, list(run.suites)) == (6, 6, 5, ["lab"])
    assert sorted(run.models) == sorted(MODELS)
    assert run.start_time.ToDatetime() <= run.end_time.ToDatetime()
    request = pb.ListBenchmarkResultsRequest(run_id=first, page_size=4)
    found = await past.ListBenchmarkResults(request)
    request.page_token = found.next_page_token
    rest_of_it = await past.ListBenchmarkResults(request)
    results = [*found.results, *rest_of_it.results]
    assert (len(found.results), len(results), rest_of_it.next_page_token) == (4, 6, "")
    assert [each.model for each in results] == [MODELS[1]] * 3 + [MODELS[0]] * 3
    right = results[-1]
    assert (right.score, right.answer.prompt, right.answer.answer) == (1.0, "word7", "word7 ")
    asked = pb.ListBenchmarkResultsRequest(run_id=first, failed_only=True, model=MODELS[0])
    assert not (await past.ListBenchmarkResults(asked)).results


async def test_no_secret_is_kept_in_an_answer(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, past: benchmarks_pb2_grpc.BenchmarkServiceAsyncStub
) -> None:
    request = pb.ListBenchmarkResultsRequest(run_id=await measured(stub), model=MODELS[1])
    results = (await past.ListBenchmarkResults(request)).results
    assert SECRET not in str(results)
    assert "[redacted]" in str(results)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (pb.ListBenchmarkResultsRequest(run_id="none"), "BENCHMARK_RUN_NOT_FOUND"),
        (pb.ListBenchmarkResultsRequest(), "INVALID_REQUEST"),
        (pb.ListBenchmarkResultsRequest(run_id="x" * 129), "INVALID_REQUEST"),
        (pb.ListBenchmarkResultsRequest(run_id="x", page_size=-1), "INVALID_REQUEST"),
        (pb.ListBenchmarkResultsRequest(run_id="x", page_token="AAAA"), "INVALID_REQUEST"),
        (pb.ListBenchmarkResultsRequest(run_id="x", model="\0"), "INVALID_REQUEST"),
    ],
)
async def test_what_can_not_be_listed_is_refused(
    past: benchmarks_pb2_grpc.BenchmarkServiceAsyncStub, request_: pb.ListBenchmarkResultsRequest, expected: str
) -> None:
    assert (await reason(past.ListBenchmarkResults(request_, timeout=WAIT)))[1] == expected


async def test_a_run_is_its_callers_alone(make_settings: Callable[..., Settings], lab: Lab) -> None:
    keys = {"checkout": CHECKOUT, "search": SEARCH}
    callers = [{"name": name, "key_sha256": digest(value)} for name, value in keys.items()]
    async with (
        Application.start(make_settings(access={"callers": callers}), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub, past = ymera_pb2_grpc.YmeraServiceStub(channel), benchmarks_pb2_grpc.BenchmarkServiceStub(channel)
        run_id = await measured(stub, *key(CHECKOUT), tasks=1)
        own, others = [
            await past.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest(), metadata=key(value), timeout=WAIT)
            for value in (CHECKOUT, SEARCH)
        ]
        assert ([run.run_id for run in own.runs], list(others.runs)) == ([run_id], [])
        request = pb.ListBenchmarkResultsRequest(run_id=run_id)
        assert (await past.ListBenchmarkResults(request, metadata=key(CHECKOUT), timeout=WAIT)).results
        refused = past.ListBenchmarkResults(request, metadata=key(SEARCH), timeout=WAIT)
        assert await reason(refused) == (grpc.StatusCode.NOT_FOUND, "BENCHMARK_RUN_NOT_FOUND")
        again = ymera_pb2.BenchmarkRequest(resume_run_id=run_id)
        resumed = stub.Benchmark(again, metadata=key(SEARCH), timeout=WAIT).read()
        assert await reason(resumed) == (grpc.StatusCode.NOT_FOUND, "BENCHMARK_RUN_NOT_FOUND")


@pytest.mark.parametrize(
    "fields", [{"models": ["lab/parrot"]}, {"seed": 1}, {"tasks_per_category": 2}, {"categories": ["general"]}]
)
async def test_a_run_that_is_resumed_says_what_is_measured(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, fields: dict[str, object]
) -> None:
    request = ymera_pb2.BenchmarkRequest(resume_run_id="run", **fields)  # type: ignore[arg-type]  # by parameter
    refused = await reason(stub.Benchmark(request, timeout=WAIT).read())
    assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
