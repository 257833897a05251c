"""Who a request is for."""

import pytest

from ymera_service.sdk.context import Attribution
from ymera_service.sdk.errors import InvalidRequest
from ymera_service.serving.checks.attribution import check_attribution
from ymera_service.serving.checks.violations import Violations


@pytest.mark.parametrize(
    ("attribution", "fields"),
    [
        (Attribution(), []),
        (Attribution("a" * 128, "é" * 128, {"Team/cost-centre_1.x": "ü" * 256, "empty": ""}), []),
        (Attribution(agent_name="a" * 129), ["attribution.agent_name"]),
        (Attribution(end_user="u\0"), ["attribution.end_user"]),
        (Attribution(labels={"": "v"}), ["attribution.labels"]),
        (Attribution(labels={"k" * 65: "v"}), ["attribution.labels"]),
        (Attribution(labels={"a b": "v"}), ["attribution.labels"]),
        (Attribution(labels={"team": "v" * 257}), ["attribution.labels[team]"]),
    ],
)
def test_every_fault_is_reported(attribution: Attribution, fields: list[str]) -> None:
    faults = Violations()
    check_attribution(attribution, faults)
    found: list[str] = []
    try:
        faults.check()
    except InvalidRequest as error:
        found = [one.field for one in error.violations]
    assert found == fields
