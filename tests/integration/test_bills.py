"""What was recorded is compared with what vendors bill.

No vendor was called: a server on this machine answers in the forms that their documents show, which the docstrings of
`ymera_openai.costs` and `ymera_anthropic.costs` name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from aiohttp import web
from ymera.v1 import content_pb2, routing_pb2, usage_pb2, usage_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from tests.integration.upstream import CHAT
from ymera_service.access.keys import Caller, digest, new_key
from ymera_service.config import Settings
from ymera_service.sdk.billing import Bill
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.server import Application
from ymera_service.serving.bills import BillComparisons
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import UsageRequest

WAIT = 10
DAY = timedelta(days=1)
ADMIN, ORDINARY = "sk-admin-0123456789abcdef", "sk-ordinary-0123456789abcdef"


def midnight(days_ago: int = 0) -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - days_ago * DAY


@dataclass
class Vendors:
    """OpenAI, Anthropic and OpenRouter at one address."""

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent_keys: dict[str, set[str]] = field(default_factory=dict)
    fault: web.Response | None = None
    currency: str = "usd"

    async def answer(self, request: web.Request) -> web.Response:
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        kind = "call" if request.method == "POST" else "bill"
        self.sent_keys.setdefault(kind, set()).add(key)
        if kind == "call":
            return web.json_response(CHAT)
        self.asked.append((request.path, dict(request.query)))
        if key != ADMIN:
            return web.json_response({"error": {"message": f"{key} has insufficient permissions"}}, status=403)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            return fault
        forms = {"costs": self._costs, "cost_report": self._cost_report, "activity": self._activity}
        return web.json_response(forms[request.path.rpartition("/")[2]](request.query))

    def _costs(self, query: Any) -> dict[str, Any]:
        """A page of one day, as OpenAI documents it; the first day has no costs."""
        start, end = int(query["start_time"]), int(query["end_time"])
        day = int(query.get("page") or start)
        more = day + 86400 < end
        amounts = [0.06, 1.23, "0E-6176"] if day != start else []
        results = [
            {"object": "organization.costs.result", "amount": {"value": amount, "currency": self.currency}}
            for amount in amounts
        ]
        bucket = {"object": "bucket", "start_time": day, "end_time": day + 86400, "results": results}
        return {"object": "page", "data": [bucket], "has_more": more, "next_page": str(day + 86400) if more else None}

    def _cost_report(self, query: Any) -> dict[str, Any]:
        """Amounts in cents, as Anthropic documents them."""
        item = {"amount": "123.45", "currency": "USD", "cost_type": None, "description": None, "workspace_id": None}
        bucket = {"starting_at": query["starting_at"], "ending_at": query["ending_at"], "results": [item, item]}
        return {"data": [bucket], "has_more": False, "next_page": None}

    def _activity(self, query: Any) -> dict[str, Any]:
        """The last 30 days on one page, as OpenRouter documents them."""
        item = {"model": "openai/gpt-4.1", "usage": 0.015, "byok_usage_inference": 0.012, "requests": 5}
        return {"data": [{**item, "date": midnight(ago).date().isoformat()} for ago in range(1, 31) for _ in range(2)]}


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    vendors = Vendors()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendors.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendors.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield vendors
    await runner.cleanup()


Make = Callable[..., Settings]


def configured(make: Make, vendors: Vendors, admin: str | None = ADMIN, **more: Any) -> Settings:
    table = {"base_url": f"{vendors.url}/v1", "api_key": ORDINARY, **({"admin_key": admin} if admin else {})}
    models = {"models": ["gpt-5.1"]}
    plugins = {
        "disabled": ["ollama", "simulator"],
        "openai": {"discover_local": False, "vendors": dict.fromkeys(("openai", "openrouter"), table | models)},
        "anthropic": {**table, "api_key": None, "api_keys": {"a": ORDINARY}, "models": {"claude-opus-4-6": {}}},
    }
    return make(plugins=plugins, **more)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[usage_pb2_grpc.UsageServiceAsyncStub, grpc.aio.Channel]]:
    async with Application.start(settings) as app, grpc.aio.insecure_channel(app.address) as channel:
        yield usage_pb2_grpc.UsageServiceStub(channel), channel


def since(days_ago: int) -> usage_pb2.CompareBillsRequest:
    request = usage_pb2.CompareBillsRequest()
    request.start_time.FromDatetime(midnight(days_ago))
    return request


async def test_each_day_is_compared(make_settings: Make, vendors: Vendors) -> None:
    async with serving(configured(make_settings, vendors)) as (stub, channel):
        message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
        answer = await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(
            ymera_pb2.ExecuteRequest(
                prompt=content_pb2.Prompt(messages=[message]),
                preferences=routing_pb2.RoutingPreferences(allow_models=["openai/gpt-5.1"]),
            ),
            timeout=WAIT,
        )
        found = await stub.CompareBills(since(2), timeout=WAIT)
    assert answer.usage.cost_micros > 0
    assert (found.start_time.ToDatetime(UTC), found.end_time.ToDatetime(UTC)) == (midnight(2), midnight() + DAY)
    days = {(day.provider, day.start_time.ToDatetime(UTC)): day for day in found.days}
    assert list(days) == sorted(days, key=lambda key: (key[1], key[0]))
    billed = {key: day.billed_micros for key, day in days.items()}
    assert billed == {
        ("anthropic", midnight(2)): 2_469_000,
        ("openai", midnight(2)): 0,
        ("openai", midnight(1)): 1_290_000,
        ("openai", midnight()): 1_290_000,
        ("openrouter", midnight(2)): 30_000,
        ("openrouter", midnight(1)): 30_000,
    }
    recorded = {key: day.recorded_micros for key, day in days.items() if day.recorded_micros}
    assert recorded == {("openai", midnight()): answer.usage.cost_micros}
    assert not found.unbilled
    assert vendors.sent_keys == {"call": {ORDINARY}, "bill": {ADMIN}}
    pages = [query.get("page") for path, query in vendors.asked if path.endswith("/costs")]
    assert (len(pages), pages[0]) == (3, None)


async def test_what_has_to_be_set_is_named(make_settings: Make, vendors: Vendors) -> None:
    async with serving(configured(make_settings, vendors, admin=None)) as (stub, _):
        found = await stub.CompareBills(since(2), timeout=WAIT)
    assert not found.days
    assert [(one.provider, one.reason.partition(" to ")[0]) for one in found.unbilled] == [
        ("anthropic", "set plugins.anthropic.admin_key"),
        ("openai", "set plugins.openai.vendors.openai.admin_key"),
        ("openrouter", "set plugins.openai.vendors.openrouter.admin_key"),
    ]
    assert not vendors.asked


async def test_an_admin_key_of_the_environment_is_not_sent_to_an_address_of_the_settings(
    make_settings: Make, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY", "OPENROUTER_MANAGEMENT_KEY"):
        monkeypatch.setenv(name, ADMIN)
    async with serving(configured(make_settings, vendors, admin=None)) as (stub, _):
        found = await stub.CompareBills(since(2), timeout=WAIT)
        assert len(found.unbilled) == 3
    assert not vendors.asked
    monkeypatch.setenv("OPENAI_BASE_URL", f"{vendors.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", ORDINARY)
    plugins = {"disabled": ["ollama", "simulator"], "openai": {"discover_local": False}}
    async with serving(make_settings(plugins=plugins)) as (stub, _):
        found = await stub.CompareBills(since(1), timeout=WAIT)
        assert [day.billed_micros for day in found.days if day.provider == "openai"] == [0, 1_290_000]


async def test_an_ordinary_key_is_said_to_be_one_and_not_shown(make_settings: Make, vendors: Vendors) -> None:
    async with serving(configured(make_settings, vendors, admin=ORDINARY)) as (stub, _):
        found = await stub.CompareBills(since(2), timeout=WAIT)
    assert len(found.unbilled) == 3
    for one in found.unbilled:
        assert one.reason.startswith("an ordinary key is not accepted here: set plugins.")
        assert "[redacted] has insufficient permissions" in one.reason
    assert ORDINARY not in str(found)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (web.Response(body=b'{"data": [{"start_time": 1, "results": null}]}'), "results"),
        (web.Response(body=b'{"data": "none"}'), "data"),
        (web.Response(body=b"[]"), "object"),
        (web.Response(body=b'{"data": [], "has_more": true, "next_page": null}'), "next_page"),
        (web.Response(body=b"<html>"), "not JSON"),
        (web.Response(body=b'{"data": [{"start_time": 1e300, "results": []}]}'), "start_time"),
        (web.Response(body=b"busy", status=503), "busy"),
        (web.Response(status=302, headers={"location": "https://evil.example/"}), "redirects"),
    ],
)
async def test_what_is_not_in_the_format_is_said(
    make_settings: Make, vendors: Vendors, fault: web.Response, reason: str
) -> None:
    settings = configured(make_settings, vendors)
    settings.plugins.model_extra["openai"]["vendors"].pop("openrouter")  # type: ignore[index]
    settings.plugins.model_extra["anthropic"].pop("admin_key")  # type: ignore[index]
    async with serving(settings) as (stub, _):
        vendors.fault = fault
        found = await stub.CompareBills(since(2), timeout=WAIT)
    assert not found.days
    [_, openai] = found.unbilled
    assert openai.provider == "openai"
    assert reason in openai.reason


async def test_another_currency_is_refused(make_settings: Make, vendors: Vendors) -> None:
    vendors.currency = "eur"
    async with serving(configured(make_settings, vendors)) as (stub, _):
        found = await stub.CompareBills(since(2), timeout=WAIT)
    assert [(one.provider, "bills in 'eur'" in one.reason) for one in found.unbilled] == [("openai", True)]


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        (midnight(-2), None, "end_time"),
        (midnight(1), midnight(1), "end_time"),
        (midnight(200), None, "start_time"),
        (datetime(1, 1, 1, tzinfo=UTC), None, "start_time"),
        (None, datetime(1, 1, 1, tzinfo=UTC), "end_time"),
    ],
)
async def test_days_that_are_not_valid_are_refused(
    make_settings: Make, vendors: Vendors, start: datetime | None, end: datetime | None, problem: str
) -> None:
    request = usage_pb2.CompareBillsRequest()
    if start:
        request.start_time.FromDatetime(start)
    if end:
        request.end_time.FromDatetime(end)
    async with serving(configured(make_settings, vendors)) as (stub, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.CompareBills(request, timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert problem in str(caught.value.details())
    assert not vendors.asked


async def test_only_administrators_compare(make_settings: Make, vendors: Vendors) -> None:
    plain, admin = new_key(), new_key()
    callers = [
        {"name": "checkout", "key_sha256": digest(plain)},
        {"name": "operator", "key_sha256": digest(admin), "administrator": True},
    ]
    async with serving(configured(make_settings, vendors, access={"callers": callers})) as (stub, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.CompareBills(since(2), timeout=WAIT, metadata=(("authorization", f"Bearer {plain}"),))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert not vendors.asked
        found = await stub.CompareBills(since(2), timeout=WAIT, metadata=(("authorization", f"Bearer {admin}"),))
        assert found.days


class Odd(Provider):
    """A plugin's provider, whose code may do anything."""

    def __init__(self, name: str, answer: Any) -> None:
        self.name = name
        self._answer = answer

    async def models(self) -> list[ModelInfo]:
        return []

    def generate(self, request: Any, context: Any) -> Any:
        raise NotImplementedError

    async def billed(self, start: Any, end: Any) -> Any:
        if self._answer == "hang":
            await asyncio.Event().wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class NoUsage:
    """Reports that nothing was recorded, and keeps which times were asked for."""

    def __init__(self) -> None:
        self.times: list[tuple[Any, Any]] = []

    async def report(self, wanted: UsageRequest, *_: Any, **__: Any) -> Any:
        self.times.append((wanted.start, wanted.end))
        return SimpleNamespace(groups=(), next_token="")


async def test_a_provider_that_hangs_or_fails_spoils_nothing() -> None:
    yesterday = midnight(1).date()
    answers: dict[str, Any] = {
        "good": [Bill(yesterday, -5)],
        "hanging": "hang",
        "failing": ZeroDivisionError("oops"),
        "junk": ["?"],
        "vast": [Bill(yesterday, 1 << 70)],
        "fraction": [Bill(yesterday, 0.5)],  # type: ignore[arg-type]
        "old": [Bill(midnight(100).date(), 7)],
        "other": None,
    }

    providers = {name: Odd(name, answer) for name, answer in answers.items()}
    plugins: Any = SimpleNamespace(registry=SimpleNamespace(all_providers=providers))
    comparisons = BillComparisons(plugins, NoUsage(), redact=str, bill_seconds=0.2)  # type: ignore[arg-type]
    async with asyncio.timeout(WAIT):
        found = await comparisons.compare(Caller(administrator=True), midnight(3), None, Violations())
    assert [(day.provider, day.recorded_micros, day.billed_micros) for day in found.days] == [("good", 0, -5)]
    assert dict(found.unbilled) == {
        "failing": "ZeroDivisionError: oops",
        "fraction": "returned what is not an amount of micro-USD",
        "hanging": "did not answer within 0.2 s",
        "junk": "AttributeError: 'str' object has no attribute 'day'",
        "vast": "returned what is not an amount of micro-USD",
    }


async def test_many_days_are_read_some_at_a_time() -> None:
    """So that 180 days of 1,000 models stay below what a report may add up."""
    plugins: Any = SimpleNamespace(registry=SimpleNamespace(all_providers={}))
    usage = NoUsage()
    await BillComparisons(plugins, usage, redact=str).compare(  # type: ignore[arg-type]
        Caller(administrator=True), midnight(179), None, Violations()
    )
    assert len(usage.times) == 6
    assert [start for start, _ in usage.times[1:]] == [end for _, end in usage.times[:-1]]
    assert (usage.times[0][0], usage.times[-1][1]) == (midnight(179), midnight(-1))
