"""Reports whose hours are not summed yet."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ymera_service.sdk.errors import InvalidRequest
from ymera_service.serving import usage
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import Dimension, UsageReport, UsageReports, UsageRequest
from ymera_service.storage.records import UsageFilter, UsageHour

BEGAN = datetime(2026, 11, 30, tzinfo=UTC)
HOURS = [BEGAN + timedelta(hours=number) for number in range(3)]


class Unsummed:
    """Stored sums of no hour, and for each of three that are not over forty executions, each of another caller."""

    def __init__(self) -> None:
        self.summed: list[datetime] = []

    async def sums(self, _wanted: UsageFilter, _by: Collection[str], without: Collection[datetime]) -> list[UsageHour]:
        assert without == HOURS
        return []

    async def complete(self, _start: datetime, _end: datetime) -> Sequence[datetime]:
        return HOURS

    async def of_records(self, hour: datetime) -> Sequence[UsageHour]:
        self.summed.append(hour)
        return [
            UsageHour(
                hour, BEGAN, "chat", "p/m", caller=f"c{number}", labels={"n": str(number)}, requests=1, attempts=2
            )
            for number in range(40)
        ]

    async def report(self, **wanted: Any) -> UsageReport:
        database: Any = SimpleNamespace(usage_hours=self)
        sums: Any = self
        reports = UsageReports(database, sums, now=lambda: BEGAN + timedelta(hours=4))
        return await reports.report(UsageRequest(**wanted), Violations(), caller="", size=0, token="")


@pytest.fixture(autouse=True)
def few_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MAX_SUMS", 50)


async def test_only_the_groups_of_unsummed_hours_count_towards_the_most_sums() -> None:
    stored = Unsummed()
    report = await stored.report(group_by=[Dimension.MODEL])
    assert [(group.values[Dimension.MODEL], group.total.requests) for group in report.groups] == [("p/m", 120)]
    assert report.total.attempts == 240
    report = await stored.report(group_by_labels=["n"])
    assert [group.total.requests for group in report.groups] == [3] * 40
    report = await stored.report(labels={"n": "7"}, caller="c7")
    assert report.total.requests == 3


async def test_a_report_that_needs_too_many_sums_is_refused_before_the_rest_is_summed() -> None:
    stored = Unsummed()
    with pytest.raises(InvalidRequest, match="group by less"):
        await stored.report(group_by=[Dimension.HOUR, Dimension.CALLER])
    assert stored.summed == HOURS[:2]
