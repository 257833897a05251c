"""What a server with the keys of every vendor offers, and what it knows of it.

One host lists the models of each vendor: those that are in a recorded list as they are there, and the others that
models.dev's records name in the form that the vendor's documents describe. Of most vendors that is only a name.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from ymera.v1 import catalog_pb2, catalog_pb2_grpc, content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import Settings
from ymera_service.server import Application

SHARED = Path(__file__).parents[3] / "shared"
RECORDS = SHARED / "catalogue" / "models.jsonl.gz"
if not RECORDS.exists():
    pytest.skip(f"no records in {RECORDS}", allow_module_level=True)

WAIT = 60.0
NAMES = {
    "amazon-bedrock": "bedrock",
    "cloudflare-workers-ai": "cloudflare",
    "fireworks-ai": "fireworks",
    "github-models": "github",
    "google": "gemini",
    "moonshotai": "moonshot",
    "novita-ai": "novita",
    "togetherai": "together",
}
"""models.dev's names of vendors that have another one here."""
OWN_FORM = ("anthropic", "bedrock", "cohere", "gemini")
"""Vendors that plugins other than `openai` call."""
LEFT_OUT = ("google-vertex", "google-vertex-anthropic", "lmstudio", "ollama-cloud", "perplexity")
"""Vertex AI and Perplexity have no list; the others are servers on this machine, or are reached through one."""

Record = Mapping[str, Any]


def records() -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for line in gzip.decompress(RECORDS.read_bytes()).splitlines():
        record = json.loads(line)
        if record["vendor"] not in LEFT_OUT:
            found[NAMES.get(record["vendor"], record["vendor"])].append(record)
    return dict(found)


def recorded() -> dict[str, bytes]:
    """Returns the recorded lists of vendors: of those that are in pages or were recorded twice, the longest."""
    found: dict[str, bytes] = {}
    for path in sorted((SHARED / "wire").glob("*/*.models.*.json")):
        exchange = json.loads(path.read_bytes())
        body = exchange["response"].get("body_text", "").encode()
        vendor = exchange["vendor"]
        if exchange["expect"]["kind"] == "models" and len(body) > len(found.get(vendor, b"")):
            found[vendor] = body
    return {vendor: body for vendor, body in found.items() if vendor not in ("bedrock", "llamacpp")}


VENDORS = records()
RECORDED = recorded()


def documented(vendor: str, listed: Sequence[Record]) -> Any:
    """Returns a list in the form of a vendor's documents."""
    forms = {
        "anthropic": {"data": [{"id": each["id"], "type": "model"} for each in listed], "has_more": False},
        "bedrock": {"modelSummaries": [_of_bedrock(each) for each in listed]},
        "cohere": {"models": [{"name": each["id"], "endpoints": ["chat"], "features": ["tools"]} for each in listed]},
        "gemini": {"models": [{"name": f"models/{each['id']}", **_GENERATES} for each in listed]},
        "github": [{"id": each["id"], "rate_limit_tier": "low"} for each in listed],
        "openrouter": {"data": [_of_openrouter(each) for each in listed]},
    }
    names_only = {"object": "list", "data": [{"id": each["id"], "object": "model"} for each in listed]}
    return forms.get(vendor, names_only)


def list_of(vendor: str) -> Any:
    """Returns the recorded list of a vendor, and in it the models of the records that it does not have."""
    form = documented(vendor, VENDORS[vendor])
    if vendor not in RECORDED:
        return form
    found = json.loads(RECORDED[vendor])
    name, key = ("models", "name") if "models" in found else ("data", "id")
    known = {each[key] for each in found[name]}
    return found | {name: [*found[name], *(each for each in form[name] if each[key] not in known)]}


_GENERATES = {"supportedGenerationMethods": ["generateContent"]}


def _of_bedrock(record: Record) -> Record:
    media = [name.upper() for name in record["modalities"]["input"] if name != "pdf"]
    outputs = [name.upper() for name in record["modalities"]["output"]]
    return {
        "modelId": record["id"],
        "inputModalities": media,
        "outputModalities": outputs,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "LEGACY" if record.get("status") == "deprecated" else "ACTIVE"},
    }


def _of_openrouter(record: Record) -> Record:
    cost = record.get("cost")
    price = {"prompt": str(cost["input"] / 1e6), "completion": str(cost["output"] / 1e6)} if cost else {"prompt": "-1"}
    modalities = {f"{side}_modalities": record["modalities"][side] for side in ("input", "output")}
    limits = {"context_length": record["limit"]["context"], "expiration_date": None}
    return {"id": record["id"], "pricing": price, "architecture": modalities, **limits}


class Host:
    """Lists the models of all vendors, each below a path of its name, after some seconds; or never, if it `hangs`."""

    def __init__(self, seconds: float = 0) -> None:
        self.hangs = False
        self._seconds = seconds

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Lists the models of a vendor."""
        await (asyncio.Event().wait() if self.hangs else asyncio.sleep(self._seconds))
        vendor = request.match_info["vendor"]
        if "inference-profiles" in request.path:
            return web.json_response({"inferenceProfileSummaries": []})
        return web.json_response(list_of(vendor))


@asynccontextmanager
async def serving(host: Host) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{vendor}/{path:.*}", host.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address, port = runner.addresses[0][:2]
        yield f"http://{address}:{port}"
    finally:
        await runner.cleanup()


def settings(url: str, folder: Path) -> Settings:
    keyed = {name: {"api_key": "a-key", "base_url": f"{url}/{name}/v1"} for name in VENDORS}
    plugins: dict[str, Any] = {name: keyed.pop(name) for name in OWN_FORM}
    tables: dict[str, Any] = {
        "server": {"address": "127.0.0.1:0", "drain_seconds": 0.5},
        "storage": {"url": f"sqlite:///{folder}/ymera.db"},
        "catalog": {"discovery_seconds": 30},
        "plugins": {
            "openai": {"discover_local": False, "vendors": keyed},
            "ollama": {"discover_local": False},
            **plugins,
        },
    }
    return Settings(**tables)


async def listed(wanted: Settings, provider: str = "") -> tuple[float, dict[str, catalog_pb2.Model]]:
    """Starts a server; returns how many seconds that took, and its models: all with facts, or a provider's without."""
    began = time.perf_counter()
    async with Application.start(wanted) as app, grpc.aio.insecure_channel(app.address) as channel:
        took = time.perf_counter() - began
        stub: catalog_pb2_grpc.CatalogServiceAsyncStub = catalog_pb2_grpc.CatalogServiceStub(channel)
        found: dict[str, catalog_pb2.Model] = {}
        view = catalog_pb2.MODEL_VIEW_BASIC if provider else catalog_pb2.MODEL_VIEW_FULL
        request = catalog_pb2.ListModelsRequest(page_size=1_000, view=view, provider=provider)
        while True:
            page = await stub.ListModels(request, timeout=WAIT)
            found |= {model.id: model for model in page.models}
            if not page.next_page_token:
                return took, found
            request.page_token = page.next_page_token


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("YMERA_", "AWS_")) or name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL")):
            monkeypatch.delenv(name)


@pytest.mark.timeout(300)
async def test_the_models_of_every_vendor_are_found_with_what_is_known_of_them(tmp_path: Path) -> None:
    host = Host()
    async with serving(host) as url:
        wanted = settings(url, tmp_path)
        _, models = await listed(wanted)
        report(models)
        by_vendor = Counter(model.provider for model in models.values())
        assert by_vendor.keys() >= VENDORS.keys()
        assert len(by_vendor) >= 24
        assert len(models) >= 1_000
        answering = [model for model in models.values() if model.kind == catalog_pb2.MODEL_KIND_GENERATE]
        assert len(answering) >= 500
        assert share(answering, lambda model: model.HasField("context_window")) >= 0.9
        assert share(answering, lambda model: model.HasField("price")) >= 0.8
        check_facts(models)
        host.hangs = True
        took, kept = await listed(wanted)
    assert kept.keys() == models.keys()
    assert took < 20  # discovery would have taken 30
    for name, model in kept.items():
        model.available = models[name].available
        assert model == models[name]


async def test_what_changes_between_two_starts_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *others = VENDORS["openrouter"]
    cost = {"input": 9, "output": 18}
    before = [first, {**second, "cost": {"input": 1, "output": 2}}, *others[:9]]
    after = [{**second, "cost": cost}, *others[:9], {**first, "id": "new/model", "cost": cost}]
    monkeypatch.delitem(RECORDED, "openrouter", raising=False)
    async with serving(Host(seconds=1)) as url:
        table = {"openrouter": {"api_key": "a-key", "base_url": f"{url}/openrouter/v1"}}
        wanted = Settings(
            server={"address": "127.0.0.1:0", "drain_seconds": 0.5},  # type: ignore[arg-type]  # as in a file
            storage={"url": f"sqlite:///{tmp_path}/ymera.db"},  # type: ignore[arg-type]
            plugins={"openai": {"discover_local": False, "vendors": table}, "ollama": {"discover_local": False}},  # type: ignore[arg-type]
        )
        for records_then in (before, after):
            monkeypatch.setitem(VENDORS, "openrouter", records_then)
            async with Application.start(wanted) as app, grpc.aio.insecure_channel(app.address) as channel:
                await route(channel, f"openrouter/{records_then[-1]['id']}")  # waits for a list that is under way
                stub: catalog_pb2_grpc.CatalogServiceAsyncStub = catalog_pb2_grpc.CatalogServiceStub(channel)
                found = await stub.ListModelChanges(catalog_pb2.ListModelChangesRequest(page_size=9), timeout=WAIT)
    told = {(change.model.removeprefix("openrouter/"), change.kind): change for change in found.changes}
    changed = told[second["id"], catalog_pb2.MODEL_CHANGE_KIND_PRICE_CHANGED]
    assert changed.previous_price.input_micros_per_million == 1_000_000
    assert changed.price.output_micros_per_million == 18_000_000
    assert ("new/model", catalog_pb2.MODEL_CHANGE_KIND_APPEARED) in told
    assert (first["id"], catalog_pb2.MODEL_CHANGE_KIND_VANISHED) in told
    assert len(told) == 3


async def route(channel: grpc.aio.Channel, model: str) -> None:
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
    question = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    prompt, only = content_pb2.Prompt(messages=[question]), routing_pb2.RoutingPreferences(model=model)
    decision = (await stub.Route(ymera_pb2.RouteRequest(prompt=prompt, preferences=only), timeout=WAIT)).decision
    assert [candidate.model for candidate in decision.candidates] == [model]


def share(models: Sequence[catalog_pb2.Model], has: Callable[[catalog_pb2.Model], bool]) -> float:
    return sum(map(has, models)) / len(models)


def check_facts(models: Mapping[str, catalog_pb2.Model]) -> None:
    """Checks single models: what was stated, by whom, and that nothing is made up."""
    window = fact(models["nebius/zai-org/GLM-5"], "context_window")
    assert (window.source, window.statements[0].stated_at.ToDatetime().year) == ("models.dev", 2026)
    nova = models["bedrock/amazon.nova-pro-v1:0"]
    assert nova.price.input_micros_per_million == 800_000
    free = [model for model in models.values() if model.free]
    assert {model.provider for model in free} >= {"github", "llama", "openrouter"}
    assert all(fact(model, "price.input").value == "0" for model in free)
    routed = [model for model in free if model.provider == "openrouter"]
    assert routed
    assert {(model.requests_per_minute, model.requests_per_day) for model in routed} == {(20, 50)}
    assert {model.requests_per_day for model in free if model.provider == "github"} == {150}
    legacy = models["mistral/mistral-medium-2505"]
    assert (legacy.deprecated, legacy.retires) == (True, "2026-08-31")
    for model in models.values():
        stated = {each.name for each in model.facts if each.value}
        assert model.HasField("price") == ("price.input" in stated)
        assert model.HasField("context_window") == ("context_window" in stated)


def fact(model: catalog_pb2.Model, name: str) -> catalog_pb2.Fact:
    return next(each for each in model.facts if each.name == name)


def report(models: Mapping[str, catalog_pb2.Model]) -> None:
    """Prints the figures; `pytest -s` shows them."""
    facts = [each for model in models.values() for each in model.facts]
    sources = Counter(each.source for each in facts)
    disputed = Counter(each.name for each in facts if each.disputed)
    print(f"\n{len(models)} models of {len({model.provider for model in models.values()})} vendors, {len(facts)} facts")
    print("settled by", dict(sources.most_common()))
    print("disputed", dict(disputed.most_common(12)))


def hostile(turn: int) -> bytes:
    """Returns a list of 10,000 models, which differ each time, with what no list should have."""
    odd = [
        '{"id": "twice", "context_length": 5}',
        '{"id": "twice", "context_length": 6}',
        '{"id": "negative", "context_length": -5, "pricing": {"prompt": "-0.1", "completion": "1"}}',
        '{"id": "nan", "context_length": NaN, "pricing": {"prompt": NaN, "completion": Infinity}}',
        '{"id": "large", "context_length": 1e400, "pricing": {"prompt": 1e400, "completion": "9e999"}}',
        '{"id": "types", "context_length": "many", "deprecation": 7, "rate_limit_tier": [], "capabilities": 3}',
        '{"id": "day", "expiration_date": "2026-99-99T", "pricing": [], "architecture": "none"}',
        '{"id": "%s"}' % ("x" * 1_000_000),
        '{"id": "\\u0000"}',
        '{"id": ""}',
        '{"id": 5}',
        "null",
    ]
    usual = [f'{{"id": "model-{turn}-{number}", "context_length": {number + 1}}}' for number in range(9_985)]
    return ('{"data": [' + ", ".join(odd + usual) + "]}").encode()


async def test_a_list_that_is_hostile_and_differs_each_time_is_offered_as_far_as_it_can_be(tmp_path: Path) -> None:
    turns = iter(range(1_000))

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=hostile(next(turns)), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/models", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address, port = runner.addresses[0][:2]
        table = {"acme": {"base_url": f"http://{address}:{port}/v1"}}
        wanted = Settings.model_validate(
            {
                "server": {"address": "127.0.0.1:0", "drain_seconds": 0.5},
                "storage": {"url": f"sqlite:///{tmp_path}/ymera.db"},
                "catalog": {"discovery_seconds": 60},
                "plugins": {
                    "openai": {"discover_local": False, "endpoints": table},
                    "ollama": {"discover_local": False},
                },
            }
        )
        for _ in range(2):
            took, models = await listed(wanted, "acme")
            print(f"start {took:.2f} s, {len(models)} models")
            assert len(models) >= 9_985 + 6  # pages of the second start may be from before and after the new list
            assert models["acme/twice"].context_window == 6
            for name in ("negative", "nan", "large", "types", "day"):
                assert not models[f"acme/{name}"].HasField("price")
                assert not models[f"acme/{name}"].HasField("context_window")
    finally:
        await runner.cleanup()
