"""UsageService: reports of usage and cost."""

from collections.abc import Mapping

from ymera.v1 import usage_pb2 as pb

from ymera_service.api.convert.reports import comparison_fields, report_fields, usage_request_of
from ymera_service.api.convert.times import moment
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.bills import BillComparisons
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import UsageReports

SERVICE = pb.DESCRIPTOR.services_by_name["UsageService"].full_name


class UsageServicer:
    """Converts, calls, converts."""

    def __init__(self, reports: UsageReports, bills: BillComparisons) -> None:
        self._reports = reports
        self._bills = bills

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "QueryUsage": Unary(pb.QueryUsageRequest, self.query_usage),
            "CompareBills": Unary(pb.CompareBillsRequest, self.compare_bills),
        }

    async def query_usage(self, request: pb.QueryUsageRequest, call: Call) -> pb.QueryUsageResponse:
        """Returns a page of a report."""
        faults = Violations()
        wanted = usage_request_of(request, faults)
        report = await self._reports.report(
            wanted, faults, caller=call.caller.name, size=request.page_size, token=request.page_token
        )
        return pb.QueryUsageResponse(**report_fields(report))

    async def compare_bills(self, request: pb.CompareBillsRequest, call: Call) -> pb.CompareBillsResponse:
        """Returns what vendors bill beside what was recorded."""
        faults = Violations()
        start, end = moment("start_time", request, faults), moment("end_time", request, faults)
        return pb.CompareBillsResponse(**comparison_fields(await self._bills.compare(call.caller, start, end, faults)))
