"""Judges of answers, called at a server of vendors' formats that others wrote, and what their verdicts count for.

Two models are measured, of which the judge, if it is fair, finds one better in either order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from ymera.v1 import benchmarks_pb2, benchmarks_pb2_grpc, routing_pb2, routing_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from tests.e2e import aimock
from tests.e2e.recorded.serving import serving

aimock.needed()

WAIT = 60.0
TASKS = 3
KIND, CURT = "chat/kind-1", "chat/curt-1"
SAID = {"kind-1": "I am so sorry; tell me more.", "curt-1": "Noted."}
JUDGES = {
    "chat": "chat/fair-1",
    "responses": "responses/fair-2",
    "anthropic": "anthropic/claude-fair-1",
    "gemini": "gemini/gemini-fair-1",
    "cohere": "cohere/command-fair-1",
    "ollama": "ollama/fair-3",
}
"""A fair judge in each format."""
QUESTION = "Compare two answers to the same message."
OTHERS = {
    "place-1": "The first.\nVERDICT: FIRST",
    "tie-1": "They are alike.\nVERDICT: TIE",
    "chatty-1": "The first answer is clearly better.",
    "both-1": "VERDICT: FIRST\nOr rather:\nVERDICT: SECOND",
    "early-1": "VERDICT: FIRST\nI hope that this helps.",
    "refusing-1": "I can't help with comparing these.",
}


def fixtures() -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for judge in JUDGES.values():
        for place in ("first", "second"):
            words = f"{place} answer]\n{SAID['kind-1']}\n["
            written = f"It listens.\nVERDICT: {place.upper()}"
            match = {"model": judge.partition("/")[2], "userMessage": words}
            found.append({"match": match, "response": {"content": written}})
    for judge, written in OTHERS.items():
        found.append({"match": {"model": judge, "userMessage": QUESTION}, "response": {"content": written}})
    busy = {"error": {"message": "Slow down.", "type": "rate_limit_error"}, "status": 429}
    found.append({"match": {"model": "busy-1", "userMessage": QUESTION}, "response": busy})
    filtered = {"content": "", "finishReason": "content_filter"}
    found.append({"match": {"model": "filtered-1", "userMessage": QUESTION}, "response": filtered})
    found += [{"match": {"model": model}, "response": {"content": text}} for model, text in SAID.items()]
    return {"fixtures": found}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the independent server."""
    async with aimock.answering(tmp_path_factory.mktemp("aimock"), fixtures()) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def channel(server: str, tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to a Ymera that knows no results yet."""
    openai = {"base_url": f"{server}/v1", "api_key": "k"}
    chat = [*SAID, "fair-1", *OTHERS, "busy-1", "filtered-1"]
    responses = {"models": ["fair-2"], "dialect": "responses", "like": "openai"}
    plugins: dict[str, Any] = {
        "openai": {
            "endpoints": {"chat": openai | {"models": chat, "like": "deepseek"}, "responses": openai | responses}
        },
        "anthropic": {"base_url": f"{server}/v1", "api_key": "k", "models": {"claude-fair-1": {}}},
        "gemini": {"base_url": f"{server}/v1beta", "api_key": "k", "models": {"gemini-fair-1": {}}},
        "cohere": {"base_url": server, "api_key": "k", "models": {"command-fair-1": {}}},
        "ollama": {"hosts": {"mock": server}, "models": {"fair-3": {}}},
    }
    async with serving(tmp_path, plugins) as channel:
        yield channel


class Run:
    """A benchmark of the two models with a judge: what it found better, and what is believed afterwards."""

    def __init__(self, judge: str) -> None:
        self.judge = judge
        self.models: list[str] = []
        self.better: list[str] = []
        self.reasons: set[str] = set()
        self.quality: dict[str, float] = {}
        self.evidence: dict[str, str] = {}

    async def made(self, channel: grpc.aio.Channel, *models: str) -> Run:
        request = ymera_pb2.BenchmarkRequest(
            models=models or (KIND, CURT),
            suites=["conversations"],
            tasks_per_category=TASKS,
            seed=1,
            judge_models=[self.judge],
        )
        run_id = ""
        async for event in ymera_pb2_grpc.YmeraServiceStub(channel).Benchmark(request, timeout=WAIT):
            if event.HasField("started"):
                self.models, run_id = [*event.started.models], event.started.run_id
        wanted = benchmarks_pb2.ListBenchmarkResultsRequest(run_id=run_id, model=self.judge)
        kept = await benchmarks_pb2_grpc.BenchmarkServiceStub(channel).ListBenchmarkResults(wanted)
        self.reasons = {each.error_reason for each in kept.results}
        found = [finding for each in kept.results for finding in each.answer.findings if finding.name == "better"]
        self.better = sorted(finding.detail for finding in found)
        listed = await routing_pb2_grpc.RoutingServiceStub(channel).ListBeliefs(routing_pb2.ListBeliefsRequest())
        self.quality = {each.model: each.quality for each in listed.beliefs}
        self.evidence = {each.model: each.evidence for each in listed.beliefs}
        return self


MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


@MODULE_LOOP
@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
async def test_a_fair_judge_finds_the_better_model_in_either_order(channel: grpc.aio.Channel, judge: str) -> None:
    run = await Run(judge).made(channel)
    assert run.better == [KIND] * (2 * TASKS)
    assert run.quality[KIND] > 0.5 > run.quality[CURT]
    assert judge not in run.quality
    assert f"{TASKS} comparisons" in run.evidence[KIND]


@MODULE_LOOP
async def test_a_judge_that_goes_by_the_place_moves_nothing(channel: grpc.aio.Channel) -> None:
    run = await Run("chat/place-1").made(channel)
    assert run.better == [CURT] * TASKS + [KIND] * TASKS
    assert run.quality[KIND] == pytest.approx(run.quality[CURT])


@MODULE_LOOP
async def test_a_judge_that_finds_no_difference_moves_nothing(channel: grpc.aio.Channel) -> None:
    run = await Run("chat/tie-1").made(channel)
    assert run.better == ["neither"] * (2 * TASKS)
    assert run.quality[KIND] == pytest.approx(run.quality[CURT])


@MODULE_LOOP
@pytest.mark.parametrize("judge", ["chatty-1", "both-1", "early-1", "refusing-1", "filtered-1", "busy-1"])
async def test_what_is_no_verdict_is_a_failure_of_the_judge_and_says_nothing_of_the_models(
    channel: grpc.aio.Channel, judge: str
) -> None:
    run = await Run(f"chat/{judge}").made(channel)
    assert run.better == []
    assert run.reasons == {"RATE_LIMITED" if judge == "busy-1" else "PROVIDER_MALFORMED_RESPONSE"}
    assert run.quality == {}


@MODULE_LOOP
async def test_a_judge_is_not_measured_and_no_contestant_judges(channel: grpc.aio.Channel) -> None:
    stub = ymera_pb2_grpc.YmeraServiceStub(channel)
    everything = ymera_pb2.BenchmarkRequest(suites=["conversations"], judge_models=["chat/fair-1"], plan_only=True)
    started, _ = [event async for event in stub.Benchmark(everything, timeout=WAIT)]
    assert {KIND, CURT} < {*started.started.models}
    assert "chat/fair-1" not in started.started.models
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Run(KIND).made(channel)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "that is not measured" in str(refused.value.details())
