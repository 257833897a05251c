"""Reports of usage."""

from typing import Any

from ymera.v1 import usage_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.times import moment
from ymera_service.api.convert.usage import usage_fields
from ymera_service.serving.bills import BillComparison
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import Dimension, UsageGroup, UsageReport, UsageRequest
from ymera_service.storage.records import UsageHour

_DIMENSIONS = {pb.UsageDimension.Value(f"USAGE_DIMENSION_{one.name}"): one for one in Dimension}
_FIELDS = {
    Dimension.OPERATION: "operation",
    Dimension.PROVIDER: "provider",
    Dimension.MODEL: "model",
    Dimension.ACCOUNT: "account",
    Dimension.CALLER: "caller",
    Dimension.AGENT: "agent_name",
}


def usage_request_of(request: pb.QueryUsageRequest, faults: Violations) -> UsageRequest:
    """Returns what to report, noting what our types can't express; the checks are in `serving.usage`."""
    labels = request.group_by_labels
    dimensions = tuple(request.group_by) if fits("group_by", len(request.group_by), faults) else ()
    for index, number in enumerate(dimensions):
        if number not in _DIMENSIONS:
            faults.add(f"group_by[{index}]", "is not known")
    wanted = request.filter
    return UsageRequest(
        start=moment("start_time", request, faults),
        end=moment("end_time", request, faults),
        group_by=tuple(_DIMENSIONS[number] for number in dimensions if number in _DIMENSIONS),
        group_by_labels=tuple(labels) if fits("group_by_labels", len(labels), faults) else (),
        operation=wanted.operation,
        model=wanted.model,
        caller=wanted.caller,
        agent_name=wanted.agent_name,
        labels=dict(sorted(wanted.labels.items())) if fits("filter.labels", len(wanted.labels), faults) else {},
    )


def report_fields(report: UsageReport) -> Fields:
    """Returns a page of a report."""
    return {
        "groups": [_group(group) for group in report.groups],
        "total": _sum(report.total),
        "start_time": report.start,
        "end_time": report.end,
        "next_page_token": report.next_token,
    }


def comparison_fields(comparison: BillComparison) -> Fields:
    """Returns what vendors bill beside what was recorded."""
    return {
        "days": [
            {
                "start_time": day.since,
                "provider": day.provider,
                "recorded_micros": day.recorded_micros,
                "unpriced_attempts": day.unpriced_attempts,
                "billed_micros": day.billed_micros,
            }
            for day in comparison.days
        ],
        "unbilled": [{"provider": name, "reason": reason} for name, reason in comparison.unbilled.items()],
        "start_time": comparison.start,
        "end_time": comparison.end,
    }


def _group(group: UsageGroup) -> Fields:
    named: dict[str, Any] = {_FIELDS[dimension]: value for dimension, value in group.values.items()}
    return {"start_time": group.since, "labels": dict(group.labels), **named, **_sum(group.total)}


def _sum(total: UsageHour) -> Fields:
    priced = total.unpriced_attempts < total.attempts or not total.attempts
    estimated = total.estimated_attempts > 0
    return {
        "requests": total.requests,
        "attempts": total.attempts,
        "unpriced_attempts": total.unpriced_attempts,
        "estimated_attempts": total.estimated_attempts,
        "usage": usage_fields(total.usage, total.cost_micros if priced else None, estimated=estimated),
    }
