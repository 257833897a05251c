"""BenchmarkService: what was measured."""

from collections.abc import Mapping

from ymera.v1 import benchmarks_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.past_benchmarks import result_fields, run_fields
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.past_benchmarks import PastBenchmarks

SERVICE = pb.DESCRIPTOR.services_by_name["BenchmarkService"].full_name


class BenchmarkServicer:
    """Converts, calls, converts."""

    def __init__(self, past: PastBenchmarks) -> None:
        self._past = past

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "ListBenchmarkRuns": Unary(pb.ListBenchmarkRunsRequest, self.list_benchmark_runs),
            "ListBenchmarkResults": Unary(pb.ListBenchmarkResultsRequest, self.list_benchmark_results),
        }

    async def list_benchmark_runs(
        self, request: pb.ListBenchmarkRunsRequest, call: Call
    ) -> pb.ListBenchmarkRunsResponse:
        """Returns a page of runs, the latest first."""
        page = await self._past.runs(caller=call.caller.name, size=request.page_size, token=request.page_token)
        fields: Fields = {"runs": [run_fields(past) for past in page.runs]}
        return pb.ListBenchmarkRunsResponse(next_page_token=page.next_token, **fields)

    async def list_benchmark_results(
        self, request: pb.ListBenchmarkResultsRequest, call: Call
    ) -> pb.ListBenchmarkResultsResponse:
        """Returns a page of results of a run."""
        page = await self._past.results(
            request.run_id,
            model=request.model,
            failed=request.failed_only,
            caller=call.caller.name,
            size=request.page_size,
            token=request.page_token,
        )
        fields: Fields = {"results": [result_fields(result, answer) for result, answer in page.results]}
        return pb.ListBenchmarkResultsResponse(next_page_token=page.next_token, **fields)
