"""Whole answers, decisions, and their stored executions."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ymera.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    content_pb2,
    routing_pb2,
    routing_pb2_grpc,
    ymera_pb2,
    ymera_pb2_grpc,
)

from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10


def prompt(text: str) -> content_pb2.Prompt:
    part = content_pb2.Part(text=text)
    return content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])])


def only(*models: str) -> routing_pb2.RoutingPreferences:
    return routing_pb2.RoutingPreferences(allow_models=models)


def ask(text: str, *models: str) -> ymera_pb2.ExecuteRequest:
    return ymera_pb2.ExecuteRequest(prompt=prompt(text), preferences=only(*models))


def stored_as(request_id: str) -> routing_pb2.GetExecutionRequest:
    return routing_pb2.GetExecutionRequest(request_id=request_id)


async def test_short_answers_make_others_of_their_class_expected_to_cost_less(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    answers = [await stub.Execute(ask("one two three", "lab/parrot"), timeout=WAIT) for _ in range(20)]
    expected = [answer.decision.candidates[0].expected_cost_micros for answer in answers]
    assert expected == sorted(expected, reverse=True)
    assert expected[-1] < expected[0] / 3


async def test_an_answer_comes_with_usage_price_and_decision(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    answer = await stub.Execute(ask("one two three", "lab/parrot"), timeout=WAIT)
    [message] = answer.messages
    assert message.role == content_pb2.ROLE_ASSISTANT
    assert [part.text for part in message.parts] == ["one two three "]
    assert answer.finish_reason == content_pb2.FINISH_REASON_STOP
    assert answer.model == "lab/parrot"
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cost_micros) == (3, 3, 9)
    assert [candidate.model for candidate in answer.decision.candidates] == ["lab/parrot"]
    [excluded] = answer.decision.exclusions
    assert (excluded.reason, excluded.count) == (routing_pb2.EXCLUSION_REASON_NOT_ALLOWED, 11)
    assert [(attempt.turn, attempt.number, attempt.model) for attempt in answer.attempts] == [(1, 1, "lab/parrot")]
    assert answer.attempts[0].usage == answer.usage
    assert [(one.category, one.probability) for one in answer.decision.category_probabilities] == [
        ("general", 0.75),
        ("math", 0.25),
    ]
    assert not answer.simulated


async def test_every_kind_of_part_is_returned(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    answer = await stub.Execute(ask("anything", "lab/everything"), timeout=WAIT)
    reasoning, text, refusal, call = answer.messages[0].parts
    assert (reasoning.reasoning.text, reasoning.reasoning.signature) == ("hmm", b"sealed")
    assert text.text == "see here"
    assert refusal.refusal == "no more"
    assert (call.tool_call.id, call.tool_call.name, call.tool_call.arguments) == ("call-1", "look", '{"a":1}')
    assert answer.finish_reason == content_pb2.FINISH_REASON_TOOL_CALLS
    [citation] = answer.citations
    assert citation.uri == "https://example.org/"
    assert [text.text[span.start : span.end] for span in citation.spans] == ["see"]
    usage = answer.usage
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.reasoning_output_tokens) == (
        3,
        2,
        5,
    )


async def test_the_trailing_metadata_has_the_id_and_the_time_per_phase(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    call = stub.Execute(ask("hello", "lab/parrot"), timeout=WAIT, metadata=(("x-client-request-id", "mine-42"),))
    answer = await call
    trailing = dict(await call.trailing_metadata())
    assert trailing["x-request-id"] == answer.request_id
    assert uuid.UUID(answer.request_id).version == 7
    assert trailing["x-client-request-id"] == "mine-42"
    phases = re.findall(r"(\w+);dur=(\d+\.\d+)", str(trailing["ymera-timing"]))
    every = ["check", "route", "queue", "connect", "first_token", "stream", "record"]
    assert [name for name, _ in phases] == every


@pytest.mark.parametrize("correlation", ["x" * 129, "with space"])
async def test_a_correlation_id_out_of_bounds_is_ignored(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, correlation: str
) -> None:
    call = stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT, metadata=(("x-request-id", correlation),))
    await call
    assert "x-client-request-id" not in dict(await call.trailing_metadata())


async def test_route_decides_without_calling_a_model(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    request = ymera_pb2.RouteRequest(prompt=prompt("hello"), preferences=only("lab/parrot", "lab/hang"))
    routed = await stub.Route(request, timeout=WAIT)
    assert {candidate.model for candidate in routed.decision.candidates} == {"lab/parrot", "lab/hang"}
    stored = await routing_stub.GetExecution(
        routing_pb2.GetExecutionRequest(request_id=routed.request_id), timeout=WAIT
    )
    assert stored.execution.status == routing_pb2.EXECUTION_STATUS_ROUTED
    assert stored.execution.decision == routed.decision
    assert not stored.execution.attempts


async def test_a_past_decision_is_computed_again_in_full(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    request = ymera_pb2.RouteRequest(prompt=prompt("hello"), preferences=only("lab/parrot", "lab/hang"))
    request.decision_view = routing_pb2.DECISION_VIEW_FULL
    routed = await stub.Route(request, timeout=WAIT)
    wanted = stored_as(routed.request_id)
    assert not (await routing_stub.GetExecution(wanted, timeout=WAIT)).HasField("recomputed_decision")
    wanted.decision_view = routing_pb2.DECISION_VIEW_FULL
    found = await routing_stub.GetExecution(wanted, timeout=WAIT)
    assert found.recomputed_decision == routed.decision
    assert found.recomputation_problem == ""


async def test_a_full_view_names_every_excluded_model(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    request = ymera_pb2.RouteRequest(prompt=prompt("hello"), preferences=only("lab/parrot"))
    request.decision_view = routing_pb2.DECISION_VIEW_FULL
    decision = (await stub.Route(request, timeout=WAIT)).decision
    assert {one.model for one in decision.excluded_targets} >= {"lab/hang", "lab/down"}
    assert len(decision.excluded_targets) == sum(one.count for one in decision.exclusions)


async def test_a_past_execution_is_returned_unchanged(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    request = ask("one two", "lab/parrot")
    request.preferences.session_id = "s-1"
    request.attribution.agent_name, request.attribution.end_user = "tester", "user-7"
    request.attribution.labels["team"] = "search"
    answer = await stub.Execute(request, timeout=WAIT)
    stored = await routing_stub.GetExecution(
        routing_pb2.GetExecutionRequest(request_id=answer.request_id), timeout=WAIT
    )
    execution = stored.execution
    assert execution.status == routing_pb2.EXECUTION_STATUS_COMPLETED
    assert execution.decision == answer.decision
    assert execution.attempts == answer.attempts
    assert execution.model == answer.model
    assert execution.usage == answer.usage
    assert execution.finish_reason == content_pb2.FINISH_REASON_STOP
    assert (execution.session_id, execution.attribution) == ("s-1", request.attribution)
    assert execution.HasField("create_time")
    assert execution.duration.ToNanoseconds() > 0
    assert not execution.HasField("error")


async def test_a_failed_execution_is_returned_with_its_error(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    call = stub.Execute(ask("hello", "lab/prude"), timeout=WAIT)
    with pytest.raises(grpc.aio.AioRpcError):
        await call
    request_id = str(dict(await call.trailing_metadata())["x-request-id"])
    stored = await routing_stub.GetExecution(stored_as(request_id), timeout=WAIT)
    assert stored.execution.status == routing_pb2.EXECUTION_STATUS_FAILED
    assert stored.execution.error.reason == "CONTENT_FILTERED"
    assert stored.execution.attempts[0].error.reason == "CONTENT_FILTERED"


async def test_a_provider_that_fails_is_replaced_transparently(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    answer = await stub.Execute(ask("hello", "lab/busy", "lab/parrot"), timeout=WAIT)
    assert answer.model == "lab/parrot"


async def test_models_are_listed_page_by_page(catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub) -> None:
    seen: list[str] = []
    token = ""
    while True:
        page = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(page_size=3, page_token=token), timeout=WAIT)
        seen += [model.id for model in page.models]
        token = page.next_page_token
        if not token:
            break
        assert len(page.models) == 3
    whole = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(), timeout=WAIT)
    assert seen == sorted(model.id for model in whole.models)
    assert "lab/parrot" in seen


async def test_a_model_is_listed_with_all_known_properties(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub, stub: ymera_pb2_grpc.YmeraServiceAsyncStub
) -> None:
    measuring = stub.Benchmark(ymera_pb2.BenchmarkRequest(models=["lab/parrot"]), timeout=WAIT)
    async for _ in measuring:
        pass
    page = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(provider="lab"), timeout=WAIT)
    parrot = next(model for model in page.models if model.id == "lab/parrot")
    assert (parrot.provider, parrot.context_window, parrot.max_output_tokens) == ("lab", 100_000, 4_096)
    assert list(parrot.capabilities) == [number for number in routing_pb2.Capability.values() if number]
    assert (parrot.price.input_micros_per_million, parrot.price.output_micros_per_million) == (1_000_000, 2_000_000)
    assert parrot.available
    assert [(one.category, one.score, one.tasks) for one in parrot.measured] == [("general", 1.0, 5)]
    assert parrot.kind == catalog_pb2.MODEL_KIND_GENERATE


async def test_models_are_listed_by_pattern_with_what_each_source_states(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
) -> None:
    full = catalog_pb2.MODEL_VIEW_FULL
    page = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(pattern="parrot", view=full), timeout=WAIT)
    [parrot] = page.models
    facts = {fact.name: fact for fact in parrot.facts}
    assert (facts["context_window"].value, facts["context_window"].source) == ("100000", "provider")
    assert (facts["tools"].value, facts["price.output"].value) == ("yes", "2000000")
    assert facts["tools"].statements[0].stated_at.seconds > 0
    basic = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(pattern="lab/p*"), timeout=WAIT)
    assert {model.id[:5] for model in basic.models} == {"lab/p"}
    assert not any(model.facts for model in basic.models)
    none = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(pattern="lobster"), timeout=WAIT)
    assert not none.models


async def test_measurements_of_another_server_are_used(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings(catalog={"refresh_seconds": 0.02})
    async with (
        asyncio.timeout(WAIT),
        Application.start(settings, lab.found) as one,
        Application.start(settings, lab.found) as other,
        grpc.aio.insecure_channel(one.address) as to_one,
        grpc.aio.insecure_channel(other.address) as to_other,
    ):
        plan = ymera_pb2.BenchmarkRequest(models=["lab/parrot"])
        async for _ in ymera_pb2_grpc.YmeraServiceStub(to_other).Benchmark(plan):
            pass
        decided = ""
        while "over 5 general tasks" not in decided:
            route = ymera_pb2.RouteRequest(prompt=prompt("one"), preferences=only("lab/parrot"))
            answer = await ymera_pb2_grpc.YmeraServiceStub(to_one).Route(route)
            decided = answer.decision.candidates[0].components[0].evidence


async def test_plugins_are_listed_with_what_they_register(
    admin_stub: admin_pb2_grpc.AdminServiceAsyncStub,
) -> None:
    plugins = (await admin_stub.ListPlugins(admin_pb2.ListPluginsRequest(), timeout=WAIT)).plugins
    assert [(plugin.name, plugin.version, plugin.state) for plugin in plugins] == [
        ("lab", "1.0", admin_pb2.Plugin.STATE_ACTIVE)
    ]
    assert {(offer.kind, offer.name) for offer in plugins[0].registrations} == {
        (admin_pb2.PluginRegistration.KIND_PROVIDER, "lab"),
        (admin_pb2.PluginRegistration.KIND_CLASSIFIER, "lab"),
        (admin_pb2.PluginRegistration.KIND_BENCHMARK, "lab"),
    }


async def test_a_benchmark_reports_each_task_and_then_the_scores(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    request = ymera_pb2.BenchmarkRequest(models=["lab/parrot", "lab/prude"], tasks_per_category=3, seed=7)
    events = [event async for event in stub.Benchmark(request, timeout=WAIT)]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.WhichOneof("event") for event in events] == ["started", *["progress"] * 6, "completed"]
    assert events[0].started.total_tasks == 6
    scored = {one.progress.model: one.progress.score for one in events[1:-1] if one.progress.HasField("score")}
    assert scored == {"lab/parrot": 1.0}
    failed = next(one.progress for one in events[1:-1] if one.progress.model == "lab/prude")
    assert failed.error.reason == "CONTENT_FILTERED"
    best = events[-1].completed.scores[0]
    assert (best.model, best.category, best.tasks, best.score) == ("lab/parrot", "general", 3, 1.0)
    assert 0 < best.score_low < 1
    worst = events[-1].completed.scores[1]
    assert (worst.failures, worst.HasField("score"), worst.HasField("median_duration")) == (3, False, False)


async def test_the_installed_simulator_answers(installed_app: Application) -> None:
    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        answer = await stub.Execute(ask("What is 17 + 25?"), timeout=30)
    assert answer.simulated
    assert any(part.text for message in answer.messages for part in message.parts)


async def test_own_tasks_make_a_category_that_a_hint_selects(installed_app: Application) -> None:
    tasks = [
        ymera_pb2.OwnTask(messages=ask(f"What is {number} + 25?").prompt.messages, answers=[str(number + 25)])
        for number in range(7)
    ]
    suite = ymera_pb2.OwnSuite(name="mine", category="support", tasks=tasks)
    models = ["simulator/sim-large", "simulator/sim-small"]
    wanted = ymera_pb2.RouteRequest(
        prompt=ask("Hi").prompt, preferences=routing_pb2.RoutingPreferences(category_hint="support")
    )
    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await stub.Route(wanted, timeout=WAIT)
        call = stub.Benchmark(ymera_pb2.BenchmarkRequest(models=models, own_suite=suite), timeout=30)
        events = [event async for event in call]
        decision = (await stub.Route(wanted, timeout=WAIT)).decision
    assert unknown.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert {event.progress.suite for event in events[1:-1]} == {"mine"}
    scores = events[-1].completed.scores
    assert {(each.category, each.tasks) for each in scores} == {("support", 7)}
    assert max(each.score for each in scores) > 0.5
    assert all(each.usage.HasField("cost_micros") and each.score_low < each.score_high for each in scores)
    assert decision.category == "support"
    evidence = {each.model: each.components[0].evidence for each in decision.candidates}
    assert evidence.keys() > set(models)
    for model, shown in evidence.items():
        assert ("over 7 support tasks" in shown) == (model in models)


async def test_past_requests_are_listed_page_by_page_with_filters(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    for number in range(5):
        request = ask("one two", "lab/parrot")
        request.attribution.labels["team"] = "ab"[number % 2]
        await stub.Execute(request, timeout=WAIT)
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.Execute(ask("one", "lab/down"), timeout=WAIT)

    async def listed(**filters: object) -> list[routing_pb2.Execution]:
        wanted = routing_pb2.ExecutionFilter(**filters)  # type: ignore[arg-type]
        found: list[routing_pb2.Execution] = []
        token = ""
        while True:
            page = await routing_stub.ListExecutions(
                routing_pb2.ListExecutionsRequest(page_size=2, page_token=token, filter=wanted), timeout=WAIT
            )
            found += page.executions
            token = page.next_page_token
            if not token:
                return found

    everything = await listed()
    assert len(everything) == 6
    assert [one.status for one in everything[:2]] == [
        routing_pb2.EXECUTION_STATUS_FAILED,
        routing_pb2.EXECUTION_STATUS_COMPLETED,
    ]
    assert everything[0].error.reason == "PROVIDER_SERVER_ERROR"
    assert not any(one.HasField("decision") or one.attempts for one in everything)
    assert [one.request_id for one in await listed(labels={"team": "b"})] == [
        one.request_id for one in everything if one.attribution.labels["team"] == "b"
    ]
    assert len(await listed(status=routing_pb2.EXECUTION_STATUS_COMPLETED, model="lab/parrot")) == 5
    assert len(await listed(start_time=everything[2].create_time)) == 3
    assert len(await listed(end_time=everything[2].create_time)) == 3


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (routing_pb2.ExecutionFilter(status=99), "filter.status"),  # type: ignore[arg-type]  # not a status
        (routing_pb2.ExecutionFilter(start_time=Timestamp(seconds=2**60)), "filter.start_time"),
        (
            routing_pb2.ExecutionFilter(start_time=Timestamp(seconds=2), end_time=Timestamp(seconds=2)),
            "filter.end_time",
        ),
        (routing_pb2.ExecutionFilter(model="m" * 257), "filter.model"),
        (routing_pb2.ExecutionFilter(labels={"a b": ""}), "filter.labels"),
        (routing_pb2.ExecutionFilter(labels={str(number): "" for number in range(17)}), "filter.labels"),
    ],
)
async def test_a_filter_that_is_not_valid_is_rejected(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub, wanted: routing_pb2.ExecutionFilter, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await routing_stub.ListExecutions(routing_pb2.ListExecutionsRequest(filter=wanted), timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(caught.value.details()).startswith(f"{field}: ")


async def test_a_page_of_a_list_is_not_one_of_another_list(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    for _ in range(2):
        await stub.Execute(ask("one", "lab/parrot"), timeout=WAIT)
    first = await routing_stub.ListExecutions(routing_pb2.ListExecutionsRequest(page_size=1), timeout=WAIT)
    other = routing_pb2.ListExecutionsRequest(
        page_token=first.next_page_token, filter=routing_pb2.ExecutionFilter(model="lab/parrot")
    )
    with pytest.raises(grpc.aio.AioRpcError, match="page_token"):
        await routing_stub.ListExecutions(other, timeout=WAIT)
