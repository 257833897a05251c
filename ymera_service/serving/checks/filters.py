"""Filters of past executions."""

from ymera_service.serving.checks.attribution import MAX_NAME, check_labels
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations
from ymera_service.storage.records import ExecutionFilter


def check_filter(wanted: ExecutionFilter, faults: Violations) -> None:
    """Notes every fault under `filter`."""
    faults.text("filter.model", wanted.model, max_length=MAX_PATTERN)
    faults.text("filter.end_user", wanted.end_user, max_length=MAX_NAME)
    check_labels("filter.labels", wanted.labels, faults)
    if wanted.start is not None and wanted.end is not None and wanted.end <= wanted.start:
        faults.add("filter.end_time", "is not after start_time")
