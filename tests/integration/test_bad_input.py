"""Invalid input gets a typed error that names the field and the remedy, and the server continues."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # ships no py.typed
from grpc_status import rpc_status
from ymera.v1 import catalog_pb2, content_pb2, routing_pb2, ymera_pb2

if TYPE_CHECKING:
    from ymera.v1 import catalog_pb2_grpc, routing_pb2_grpc, ymera_pb2_grpc

WAIT = 10
EXECUTE = "/ymera.v1.YmeraService/Execute"


@pytest.fixture(autouse=True)
async def server_goes_on(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> AsyncIterator[None]:
    """Asserts after each test that the next request is answered."""
    yield
    answer = await stub.Execute(request("still there", "lab/parrot"), timeout=WAIT)
    assert answer.messages[0].parts[0].text == "still there "


def request(text: str, *models: str) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=text)])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=models),
    )


async def refused(call: Any) -> tuple[grpc.StatusCode, dict[str, Any]]:
    """Returns the status of a call and its details by the name of their type."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (call.read() if isinstance(call, grpc.aio.UnaryStreamCall) else call)
    trailing = dict(caught.value.trailing_metadata() or ())
    status = await rpc_status.aio.from_call(call)
    assert status is not None
    found: dict[str, Any] = {}
    for detail in status.details:
        name = detail.type_url.rpartition(".")[2]
        found[name] = getattr(error_details_pb2, name)()
        detail.Unpack(found[name])
    assert found["ErrorInfo"].domain == "ymera"
    assert found["RequestInfo"].request_id == trailing["x-request-id"]
    assert caught.value.details() == status.message
    return caught.value.code(), found


def violations(details: dict[str, Any]) -> dict[str, str]:
    return {one.field: one.description for one in details["BadRequest"].field_violations}


async def raw(channel: grpc.aio.Channel, data: bytes) -> tuple[grpc.StatusCode, dict[str, Any]]:
    method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(EXECUTE)
    call = method(data, timeout=WAIT)
    return await refused(call)


async def test_invalid_utf8_names_the_field(channel: grpc.aio.Channel) -> None:
    data = request("XXXX").SerializeToString().replace(b"XXXX", b"ab\xff\xfe")
    code, details = await raw(channel, data)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "not UTF-8" in violations(details)["prompt.messages[0].parts[0].text"]


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x7f", b"no protobuf at all", b"\x0a" + b"\xff" * 12])
async def test_malformed_bytes_are_an_invalid_argument(channel: grpc.aio.Channel, data: bytes) -> None:
    code, details = await raw(channel, data)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details["ErrorInfo"].reason == "INVALID_REQUEST"
    assert violations(details)


async def test_malformed_bytes_on_a_stream_are_an_invalid_argument(channel: grpc.aio.Channel) -> None:
    path = "/ymera.v1.YmeraService/ExecuteStream"
    method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
    call = method(b"\xff\xff", timeout=WAIT)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_error_of_a_nul_character_names_it(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    code, details = await refused(stub.Execute(request("a\0b"), timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "NUL" in violations(details)["prompt.messages[0].parts[0].text"]


@pytest.mark.parametrize("text", ["", " \n\t"])
async def test_an_empty_prompt_is_rejected(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, text: str) -> None:
    _, details = await refused(stub.Execute(request(text), timeout=WAIT))
    assert "no content" in violations(details)["prompt.messages"]
    _, details = await refused(stub.Execute(ymera_pb2.ExecuteRequest(), timeout=WAIT))
    assert set(violations(details)) == {"prompt.messages"}


async def test_all_violations_are_reported_together(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    bad = request("hello")
    bad.prompt.messages.add()
    bad.prompt.tools.add(function=content_pb2.Function(name="no spaces", parameters_schema="{"))
    bad.prompt.response_format.type = content_pb2.ResponseFormat.TYPE_JSON_SCHEMA
    bad.prompt.sampling.temperature = 3
    bad.prompt.sampling.top_p = math.nan
    bad.preferences.session_id = "x" * 129
    bad.preferences.max_cost_micros = -1
    code, details = await refused(stub.Execute(bad, timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert set(violations(details)) == {
        "prompt.messages[1].role",
        "prompt.messages[1].parts",
        "prompt.tools[0].function.name",
        "prompt.tools[0].function.parameters_schema",
        "prompt.response_format.schema",
        "prompt.sampling.temperature",
        "prompt.sampling.top_p",
        "preferences.session_id",
        "preferences.max_cost_micros",
    }
    assert details["ErrorInfo"].metadata["violations"] == "9"


async def test_more_violations_than_fit_into_metadata_are_truncated(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    bad = request("hello")
    for _ in range(1000):
        bad.prompt.messages.add()
    code, details = await refused(stub.Execute(bad, timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(violations(details)) > 10


@pytest.mark.parametrize("schema", ["{", "[]", '{"type": "strnig"}', '{"$ref": "https://example.org/schema.json"}'])
async def test_an_invalid_json_schema_is_rejected(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, schema: str) -> None:
    bad = request("hello", "lab/parrot")
    bad.prompt.response_format.type = content_pb2.ResponseFormat.TYPE_JSON_SCHEMA
    bad.prompt.response_format.schema = schema
    _, details = await refused(stub.Execute(bad, timeout=WAIT))
    assert violations(details)["prompt.response_format.schema"]


async def test_an_unknown_model_is_not_found(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    code, details = await refused(stub.Execute(request("hello", "lab/parot"), timeout=WAIT))
    assert code is grpc.StatusCode.NOT_FOUND
    assert details["ErrorInfo"].reason == "MODEL_NOT_FOUND"


async def test_an_unknown_suite_is_not_found(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    call = stub.Benchmark(ymera_pb2.BenchmarkRequest(suites=["unknown"]), timeout=WAIT)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def own_suite(*tasks: ymera_pb2.OwnTask, **fields: str) -> ymera_pb2.OwnSuite:
    return ymera_pb2.OwnSuite(**{"name": "mine", "category": "support", **fields}, tasks=tasks)


def own_task(text: str = "Hi", **fields: list[str]) -> ymera_pb2.OwnTask:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=text)])
    return ymera_pb2.OwnTask(messages=[message] if text else [], **(fields or {"answers": ["x"]}))


async def test_every_fault_of_own_tasks_is_named(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    suite = own_suite(
        own_task(),
        own_task(""),
        own_task(choices=["a"]),
        own_task(answers=["a"], choices=["b", " "]),
        own_task(answers=["a"] * 33),
        own_task(contains=["a" * 2001]),
        own_task(),
        name="",
        category=" support",
    )
    asked = ymera_pb2.BenchmarkRequest(own_suite=suite, suites=["lab"], categories=["x"], judge_models=["lab/parrot"])
    code, details = await refused(stub.Benchmark(asked, timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert violations(details).keys() == {
        "own_suite.name",
        "own_suite.category",
        "own_suite.tasks[1].messages",
        "own_suite.tasks[2].answers",
        "own_suite.tasks[3].answers[0]",
        "own_suite.tasks[3].choices[1]",
        "own_suite.tasks[4].answers",
        "own_suite.tasks[5].contains[0]",
        "own_suite.tasks[6]",
        "suites",
        "categories",
        "judge_models",
    }
    assert "tasks[0]" in violations(details)["own_suite.tasks[6]"]


@pytest.mark.parametrize(
    ("suite", "problem"),
    [
        (own_suite(), "is required"),
        (own_suite(*[own_task()] * 1001), "1,001 items"),
        (own_suite(*[ymera_pb2.OwnTask(messages=list(own_task().messages) * 5, answers=["x"])] * 1000), "5,000 parts"),
    ],
)
async def test_own_tasks_are_some_and_not_too_many(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, suite: ymera_pb2.OwnSuite, problem: str
) -> None:
    code, details = await refused(stub.Benchmark(ymera_pb2.BenchmarkRequest(own_suite=suite), timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert problem in violations(details)["own_suite.tasks"]


async def test_constraints_that_no_model_meets_are_an_error(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    impossible = request("hello", "lab/parrot")
    impossible.preferences.deny_models.append("lab/*")
    code, details = await refused(stub.Execute(impossible, timeout=WAIT))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details["ErrorInfo"].reason == "NO_ELIGIBLE_MODEL"


async def test_an_unknown_execution_is_not_found(routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub) -> None:
    code, details = await refused(
        routing_stub.GetExecution(routing_pb2.GetExecutionRequest(request_id="0190"), timeout=WAIT)
    )
    assert code is grpc.StatusCode.NOT_FOUND
    assert details["ErrorInfo"].reason == "EXECUTION_NOT_FOUND"
    code, details = await refused(routing_stub.GetExecution(routing_pb2.GetExecutionRequest(), timeout=WAIT))
    assert violations(details) == {"request_id": "is required"}


@pytest.mark.parametrize("token", ["garbage", "AAAA", "bGFiL3BhcnJvdA==", "é"])
async def test_an_invented_page_token_is_rejected(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub, token: str
) -> None:
    code, details = await refused(
        catalog_stub.ListModels(catalog_pb2.ListModelsRequest(page_token=token, page_size=-1), timeout=WAIT)
    )
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert set(violations(details)) == {"page_token", "page_size"}


async def test_models_of_an_unknown_provider_cant_be_listed(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
) -> None:
    code, details = await refused(catalog_stub.ListModels(catalog_pb2.ListModelsRequest(provider="lob"), timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert violations(details)["provider"].endswith("its providers are lab")


async def test_a_page_token_is_valid_only_with_its_filter(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
) -> None:
    page = await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(page_size=1), timeout=WAIT)
    other = catalog_pb2.ListModelsRequest(page_token=page.next_page_token, provider="lab")
    code, _ = await refused(catalog_stub.ListModels(other, timeout=WAIT))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_pattern_that_is_too_long_and_a_view_that_is_not_known_are_rejected(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
) -> None:
    code, details = await refused(
        catalog_stub.ListModels(catalog_pb2.ListModelsRequest(pattern="x" * 257), timeout=WAIT)
    )
    assert (code, set(violations(details))) == (grpc.StatusCode.INVALID_ARGUMENT, {"pattern"})
    view = catalog_pb2.ModelView.ValueType(99)
    code, details = await refused(catalog_stub.ListModels(catalog_pb2.ListModelsRequest(view=view), timeout=WAIT))
    assert (code, set(violations(details))) == (grpc.StatusCode.INVALID_ARGUMENT, {"view"})


async def test_a_negative_number_of_changes_is_rejected(
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
) -> None:
    code, details = await refused(
        catalog_stub.ListModelChanges(catalog_pb2.ListModelChangesRequest(page_size=-1), timeout=WAIT)
    )
    assert (code, set(violations(details))) == (grpc.StatusCode.INVALID_ARGUMENT, {"page_size"})


async def test_the_retry_after_of_a_provider_is_passed_on(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    code, details = await refused(stub.Execute(request("hello", "lab/busy"), timeout=WAIT))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details["ErrorInfo"].reason == "RATE_LIMITED"
    assert details["ErrorInfo"].metadata["provider_status"] == "429"
    assert 100 < details["RetryInfo"].retry_delay.seconds <= 120
    assert details["QuotaFailure"].violations


async def test_a_defect_of_a_plugin_is_not_shown(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Execute(request("hello", "lab/buggy"), timeout=WAIT)
    sent = f"{caught.value.details()} {caught.value.trailing_metadata()}"
    assert "secret" not in sent
    assert "Traceback" not in sent


async def test_a_deadline_that_has_nearly_passed_is_typed(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Execute(request("hello", "lab/hang"), timeout=2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert b"DEADLINE_EXCEEDED" in bytes(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])


@pytest.mark.parametrize("seconds", [0, -1, 0.000001])
async def test_a_deadline_already_past_is_exceeded(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, seconds: float) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Execute(request("hello", "lab/parrot"), timeout=seconds)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_an_unknown_method_is_unimplemented(channel: grpc.aio.Channel) -> None:
    method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/ymera.v1.YmeraService/Nothing")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method(b"", timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
