"""Keys of the vault are used, rotated and revoked while the server runs; one that fails rests alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from aiohttp import web
from pydantic import SecretStr
from ymera.v1 import content_pb2, ymera_pb2, ymera_pb2_grpc

from tests.conftest import Observe
from ymera_service.access.envelope import new_master_key
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.vault import Vault
from ymera_service.config import Settings, VaultSettings
from ymera_service.server import Application
from ymera_service.storage import Database

WAIT = 20
MASTER_KEY = new_master_key()
PROMPT = content_pb2.Prompt(
    messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])]
)
ANSWER = {
    "id": "chat-1",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


class Acme:
    """A vendor on this machine: says of each key whether it is good, refused or exhausted, and counts its calls."""

    def __init__(self) -> None:
        self.url = ""
        self.state: dict[str, str] = {}
        self.calls: Counter[str] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        state = self.state.get(key, "refused")
        listing = request.path.endswith("/models")
        if not listing:
            self.calls[key] += 1
        if state == "refused":
            error = {"message": f"Incorrect API key provided: {key}", "code": "invalid_api_key"}
            return web.json_response({"error": error}, status=401)
        if state == "exhausted" and not listing:
            error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
            return web.json_response({"error": error}, status=429)
        return web.json_response({"data": [{"id": "m"}]} if listing else ANSWER)


@asynccontextmanager
async def vendor() -> AsyncIterator[Acme]:
    acme = Acme()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", acme.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        acme.url = f"http://{host}:{port}"
        yield acme
    finally:
        await runner.cleanup()


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    async with vendor() as acme:
        yield acme


@pytest.fixture
def settings(make_settings: Callable[..., Settings], acme: Acme) -> Settings:
    return make_settings(
        vault={"master_key": SecretStr(MASTER_KEY)},
        plugins={
            "disabled": ["ollama", "simulator"],
            "openai": {"discover_local": False, "vendors": {"groq": {"base_url": acme.url}}},
        },
    )


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Vault]:
    """Another server's vault on the same database."""
    async with Database.open(settings.storage.url) as database:
        yield Vault(database.provider_keys, MasterKeySource(VaultSettings(master_key=SecretStr(MASTER_KEY))))


@asynccontextmanager
async def client(app: Application) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    async with grpc.aio.insecure_channel(app.address) as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)


async def ask(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> Any:
    return await stub.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), timeout=WAIT)


def accounts_of(answer: Any) -> list[str]:
    return [attempt.account for attempt in answer.attempts]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not holds():  # noqa: ASYNC110  # another server notices the change by looking
            await asyncio.sleep(0.02)


async def test_a_running_server_uses_the_first_key_that_another_adds(settings: Settings, acme: Acme) -> None:
    acme.state = {"sk-first-0123456789": "good", "sk-second-0123456789": "good"}
    async with Application.start(settings) as app, client(app) as stub, operator(settings) as vault:
        assert app.offers == {}
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert [provider.provider for provider in health.providers] == ["groq"]
        assert "GROQ_API_KEY" in health.providers[0].detail
        await vault.add("groq", "work", "sk-first-0123456789", acme.url)
        await until(lambda: app.offers == {"groq": 1})
        assert accounts_of(await ask(stub)) == ["work"]
        await vault.rotate("groq", "work", "sk-second-0123456789")
        async with asyncio.timeout(WAIT):
            while not acme.calls["sk-second-0123456789"]:
                await ask(stub)
        await vault.revoke("groq", "work")
        await until(lambda: app.offers == {})
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(stub)


async def test_a_provider_that_is_not_named_is_not_shown_until_it_has_a_key(
    make_settings: Callable[..., Settings], acme: Acme
) -> None:
    settings = make_settings(
        vault={"master_key": SecretStr(MASTER_KEY)},
        plugins={"disabled": ["ollama"], "openai": {"discover_local": False}},
    )
    async with Application.start(settings) as app, client(app) as stub, operator(settings) as vault:
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert [provider.provider for provider in health.providers] == ["simulator"]
        assert "set a vendor's key" in next(one.detail for one in health.plugins if one.name == "openai")
        await vault.add("groq", "work", "sk-first-0123456789", acme.url)  # not where the vendor is: never sent
        await vault.add("perplexity", "work", "sk-first-0123456789", "https://api.perplexity.ai")  # lists its own
        await until(lambda: "perplexity" in app.offers)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert [provider.provider for provider in health.providers] == ["perplexity", "simulator"]
    assert acme.calls == {}


async def test_of_fifty_keys_those_that_fail_rest_alone(settings: Settings, acme: Acme, observe: Observe) -> None:
    keys = {f"key-{number}": f"sk-{number:02}-0123456789abcdef" for number in range(50)}
    states = ["refused", "exhausted", "good", "good", "good"] * 10
    acme.state = dict(zip(keys.values(), states, strict=True))
    async with operator(settings) as vault:
        for name, key in keys.items():
            await vault.add("groq", name, key, acme.url)
    async with Application.start(settings) as app, client(app) as stub:
        async with asyncio.timeout(WAIT):  # all keys are unknown at first, so that a request may meet bad ones only
            while not all(acme.calls[key] for key in keys.values()):
                await asyncio.gather(*(ask(stub) for _ in range(4)), return_exceptions=True)
        before = acme.calls.copy()
        for _ in range(20):
            answers = await asyncio.gather(*(ask(stub) for _ in range(20)))
        assert all(acme.state[keys[accounts_of(answer)[-1]]] == "good" for answer in answers)
    acme.calls.subtract(before)
    good = [acme.calls[key] for key, state in acme.state.items() if state == "good"]
    bad = [acme.calls[key] for key, state in acme.state.items() if state != "good"]
    observe(
        f"400 requests: {sum(map(bool, good))} of {len(good)} good keys called, {sum(bad)} calls of {len(bad)} others"
    )
    assert sum(good) == 400
    assert sum(map(bool, good)) > 15
    assert sum(bad) < 100
