"""Converts and checks messages as a call does."""

from __future__ import annotations

from typing import Any

from ymera.v1 import content_pb2 as pb
from ymera.v1 import routing_pb2, ymera_pb2

from ymera_service.api.convert import benchmark, content, routing
from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.errors import InvalidRequest
from ymera_service.sdk.generation import Prompt
from ymera_service.serving.checks.limits import MAX_PARTS
from ymera_service.serving.checks.plans import check_plan
from ymera_service.serving.checks.preferences import check_preferences
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.violations import Violations

USER = pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text="hello")])
RESULT = pb.ToolResult(tool_call_id="c1", parts=[pb.Part(text="42")], is_error=True)
TOO_MANY_RESULT_PARTS = pb.Part(tool_result=pb.ToolResult(tool_call_id="c1", parts=[pb.Part(text="42")] * MAX_PARTS))


def prompt_of(prompt: pb.Prompt, faults: Violations) -> Prompt:
    """Converts and checks, like a call."""
    converted = content.prompt_of(prompt, faults)
    check_prompt(converted, faults)
    return converted


def preferences_of(preferences: routing_pb2.RoutingPreferences, faults: Violations) -> Preferences:
    converted = routing.preferences_of(preferences, faults)
    check_preferences(converted, faults)
    return converted


def plan_of(request: ymera_pb2.BenchmarkRequest, faults: Violations) -> BenchmarkPlan:
    converted = benchmark.plan_of(request, faults)
    check_plan(converted, faults)
    return converted


def function(**fields: Any) -> pb.Tool:
    return pb.Tool(function=pb.Function(**fields))


def kept(provider: str, id: str) -> pb.Media:
    return pb.Media(provider_file=pb.ProviderFile(provider=provider, id=id))


def faults_of(prompt: pb.Prompt) -> dict[str, str]:
    faults = Violations()
    prompt_of(prompt, faults)
    return by_field(faults)


def by_field(faults: Violations) -> dict[str, str]:
    try:
        faults.check()
    except InvalidRequest as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def with_part(part: pb.Part, role: pb.Role.ValueType = pb.ROLE_USER) -> pb.Prompt:
    return pb.Prompt(messages=[USER, pb.Message(role=role, parts=[part])])
