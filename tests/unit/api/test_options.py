"""The caller's own parameters for providers."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert.options import options_of
from ymera_service.sdk.errors import InvalidRequest
from ymera_service.serving.checks.options import MAX_BYTES, check_options
from ymera_service.serving.checks.violations import Violations


def struct(**fields: Any) -> Struct:
    made = Struct()
    made.update(fields)
    return made


def faults_of(options: dict[str, Struct]) -> list[str]:
    request, faults = pb.ExecuteRequest(provider_options=options), Violations()
    check_options(options_of(request.provider_options, faults), faults)
    try:
        faults.check()
    except InvalidRequest as error:
        return [one.field for one in error.violations]
    return []


def test_options_keep_their_values_and_whole_numbers_are_integers() -> None:
    given = struct(tier="flex", k=5, share=0.5, deep={"list": [1, None, True, {}]})
    request = pb.ExecuteRequest(provider_options={"openai": given})
    options = options_of(request.provider_options, Violations())
    assert options == {"openai": {"tier": "flex", "k": 5, "share": 0.5, "deep": {"list": [1, None, True, {}]}}}
    assert isinstance(options["openai"]["k"], int)


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"openai": struct(service_tier="flex")}, []),
        (
            {"openai": struct(model="gpt-5", stream=False)},
            ["provider_options[openai].model", "provider_options[openai].stream"],
        ),
        ({"openai": struct(x="y" * MAX_BYTES)}, ["provider_options"]),
        ({f"p{number}": struct() for number in range(17)}, ["provider_options"]),
    ],
)
def test_options_that_are_not_allowed_are_reported(options: dict[str, Struct], fields: list[str]) -> None:
    assert faults_of(options) == fields
