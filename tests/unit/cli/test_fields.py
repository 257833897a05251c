"""`--set NAME=VALUE` sets every field of a request that has no option of its own."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1.content_pb2 import REASONING_EFFORT_HIGH, SERVICE_TIER_FLEX
from ymera.v1.routing_pb2 import CAPABILITY_LOGPROBS, CAPABILITY_TOOLS
from ymera.v1.ymera_pb2 import ExecuteStreamRequest, RouteRequest

import ymera_service
from ymera_service.cli.completion import efforts, fields
from ymera_service.cli.fields import assign, settable
from ymera_service.cli.problems import WRONG, CommandFailed

REQUEST = ExecuteStreamRequest.DESCRIPTOR
OPTIONS = {
    "allow_models",
    "category_hint",
    "decision_view",
    "labels",
    "max_cost_micros",
    "max_output_tokens",
    "prefer_free",
    "session_id",
    "temperature",
}
"""The fields that have an option."""


def made(*given: str) -> ExecuteStreamRequest:
    request = ExecuteStreamRequest()
    assign(request, given)
    return request


def test_values_are_written_in_json_or_more_shortly() -> None:
    request = made(
        "idempotency_key=a=b",
        "strict=true",
        'provider_options={"openai": {"user": "u"}}',
        "service_tier=flex",
        "top_p=0.5",
        "seed=-7",
        'stop_sequences=["a,b"]',
        "reasoning_effort=REASONING_EFFORT_HIGH",
        "reasoning_summary=false",
        "required_capabilities=tools, logprobs",
        "max_latency=2.5",
        "first_token_timeout=3s",
        "data_regions=eu",
        "data_regions=uk",
        "end_user=u",
    )
    sampling, preferences = request.prompt.sampling, request.preferences
    assert (request.idempotency_key, request.strict) == ("a=b", True)
    assert request.provider_options["openai"]["user"] == "u"
    assert (request.prompt.service_tier, sampling.reasoning_effort) == (SERVICE_TIER_FLEX, REASONING_EFFORT_HIGH)
    assert (sampling.top_p, sampling.seed, list(sampling.stop_sequences)) == (0.5, -7, ["a,b"])
    assert sampling.HasField("reasoning_summary")
    assert list(preferences.required_capabilities) == [CAPABILITY_TOOLS, CAPABILITY_LOGPROBS]
    assert preferences.max_latency.ToMilliseconds() == 2500
    assert preferences.first_token_timeout.ToMilliseconds() == 3000
    assert list(preferences.data_regions) == ["eu", "uk"]
    assert request.attribution.end_user == "u"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("top_q=1", "Did you mean top_p?"),
        ("nonsense=1", "The fields are "),
        ("messages=1", "The fields are "),
        ("seed", "has no value"),
        ("", "has no value"),
        ("seed=1.5", "'1.5' is not a valid value"),
        ("seed=99999999999999999999", "is not a valid value"),
        ("top_p=warm", "'warm' is not a valid value"),
        ("strict=maybe", "Use one of true, false."),
        ("reasoning_effort=huge", "Use one of none, low, medium, high, minimal, xhigh, max."),
        ("required_capabilities=tools,fly", "'tools,fly' is not a valid value"),
        ("max_latency=soon", "is not a valid value"),
        ("labels=team", "is not a valid value"),
        ("provider_options={", "is not a valid value"),
        ('provider_options={"openai":' + "[" * 50_000, "is not a valid value"),
    ],
)
def test_what_can_not_be_set_is_refused_with_a_remedy(wrong: str, said: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        made(wrong)
    problem = failed.value.problem
    assert problem.exit_code == WRONG
    assert said in "\n".join([problem.message, *problem.notes])


@given(st.sampled_from(sorted(settable(REQUEST))), st.text())
def test_any_text_is_a_value_or_refused(name: str, text: str) -> None:
    with suppress(CommandFailed):
        made(f"{name}={text}")


def test_the_documentation_lists_every_field_without_an_option() -> None:
    page = (Path(ymera_service.__file__).parent / "docs" / "commands.md").read_text()
    assert {name for name in settable(REQUEST) if f"`{name}`" not in page} == OPTIONS
    assert settable(RouteRequest.DESCRIPTOR).keys() < settable(REQUEST).keys()


def test_the_shell_completes_fields_and_their_values() -> None:
    assert fields("reasoning_") == ["reasoning_effort=", "reasoning_budget_tokens=", "reasoning_summary="]
    assert fields("strict=") == ["strict=true", "strict=false"]
    assert fields("seed=") == []
    assert efforts("m") == ["medium", "minimal", "max"]
