"""A vendor that repeats the key in its error, and secrets in all other places: none is ever shown or stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import pickle
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import grpc
import pytest
from aiohttp import web
from ymera.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    content_pb2,
    keys_pb2,
    keys_pb2_grpc,
    routing_pb2,
    routing_pb2_grpc,
    ymera_pb2,
    ymera_pb2_grpc,
)
from ymera_openai.settings import OpenAiSettings
from ymera_openai.vendors import VENDORS as VENDORS_BY_NAME

from tests.conftest import Observe
from ymera_service.config import load

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Server, Upstream

Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
PROMPT = content_pb2.Prompt(
    messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])]
)
KEY = "sk-0123456789abcdef"
CONFIG = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
level = "debug"
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{url}"
models = ["m"]
api_key = "{key}"
"""


async def refuse(exchange: Exchange) -> None:
    error = {"message": f"Incorrect API key provided: {KEY}.", "type": "invalid_request_error", "code": KEY}
    await exchange.respond("401 Unauthorized", json.dumps({"error": error}).encode())


async def garble(exchange: Exchange) -> None:
    await exchange.respond("200 OK", f"you sent {KEY}".encode())


@pytest.mark.parametrize("script", [refuse, garble])
async def test_a_key_that_a_vendor_repeats_is_never_shown(
    serve: Serve,
    connect: Connect,
    first: Upstream,
    tmp_path: Path,
    script: Callable[[Exchange], object],
) -> None:
    first.script = script  # type: ignore[assignment]  # one of the two above
    async with (
        serve(CONFIG.format(folder=tmp_path, url=first.url, key=KEY)) as server,
        connect(server.address) as client,
    ):
        failure = await client.failed()
        result = await client.read_stream()
        stored = await client.recorded(result.request_id)
        shown = [failure.message, str(result.end), result.failure.message if result.failure else "", str(stored)]
        shown += [str(attempt) for attempt in result.attempts] + [str(await client.health())]
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), WAIT) == 0
    assert first.requests
    assert KEY not in "".join(shown)
    log = b"".join(server.lines)
    assert b'"event":"call"' in log
    assert KEY.encode() not in log
    assert KEY.encode() not in stored_in(tmp_path)


def stored_in(folder: Path) -> bytes:
    """Returns the bytes of the database, in whichever of its files they are."""
    return b"".join([file.read_bytes() for file in folder.glob("ymera.db*")])


# A hundred secrets, and everything that is written.

VENDORS = ("openai", "groq", "mistral", "deepseek", "xai", "together", "fireworks", "cerebras", "nvidia", "moonshot")
"""Those whose key is in the environment."""


def secret(kind: str, number: int) -> str:
    """A key that can be found again; some of its characters are encoded differently in addresses, JSON and base64."""
    return f"sk-{kind}-{number:02}-{hashlib.sha256(f'{kind}{number}'.encode()).hexdigest()[:20]}+/=&~"


ENVIRONMENT = {name: secret("environment", number) for number, name in enumerate(VENDORS)}
CONFIGURED = {f"file-{number}": secret("file", number) for number in range(20)}
STORED = {f"vault-{number}": secret("vault", number) for number in range(40)}
ROTATED = {f"vault-{number}": secret("rotated", number) for number in range(10)}
CALLERS = {f"caller-{number}": f"ymera_{secret('caller', number)}" for number in range(20)}
MASTER_KEY = base64.urlsafe_b64encode(hashlib.sha256(b"master").digest()).decode().rstrip("=")
ALL = (
    *(*ENVIRONMENT.values(), *CONFIGURED.values(), *STORED.values(), *ROTATED.values(), *CALLERS.values()),
    MASTER_KEY,
)


def forms(text: str) -> Iterator[bytes]:
    """Yields a secret as it is, its first half, and as it is written in addresses, JSON, base64 and hexadecimal."""
    raw = text.encode()
    yield raw
    yield raw[:24]
    yield quote(text, safe="").encode()
    yield raw.hex().encode()
    for offset in range(3):  # base64 depends on what stands before
        encoded = base64.b64encode(b"\0" * offset + raw)
        inner = encoded[4 if offset else 0 : -4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def found_in(written: Mapping[str, bytes]) -> list[str]:
    """Returns where a secret is, in any form; without the secret."""
    needles = {form: text for text in ALL for form in forms(text)}
    pattern = re.compile(b"|".join(map(re.escape, sorted(needles, key=len, reverse=True))))
    return sorted(
        {
            f"{place}: {needles[match[0]][:14]}… near {data[max(0, match.start() - 60) : match.start()]!r}"
            for place, data in written.items()
            for match in pattern.finditer(data)
        }
    )


class Echo:
    """A vendor that repeats the key it was sent, in ever other ways, also where it answers."""

    def __init__(self) -> None:
        self.url = "http://vendor.test"
        self.seen: set[str] = set()
        self.turn = 0

    async def take(self, request: web.Request) -> web.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.add(key)
        if request.path.endswith("/models"):
            if self.turn % 5 == 4:
                return web.json_response({"error": {"message": f"bad key {key}", "code": key}}, status=401)
            return web.json_response({"data": [{"id": "m"}]})
        self.turn += 1
        ways = (
            self._error,
            self._garbled,
            self._limited,
            self._moved,
            self._page,
            self._encoded,
            self._long,
            self._well,
        )
        return ways[self.turn % len(ways)](key)

    def _error(self, key: str) -> web.Response:
        error = {"message": f"Incorrect API key provided: {key}.", "type": key, "code": key, "param": f"header {key}"}
        return web.json_response({"error": error}, status=401, headers={"x-request-id": key})

    def _garbled(self, key: str) -> web.Response:
        return web.Response(text=f"you sent authorization: Bearer {key}")

    def _limited(self, key: str) -> web.Response:
        error = {"message": f"{{'authorization': 'Bearer {key}'}}", "headers": {"authorization": key}}
        return web.json_response({"error": error}, status=429, headers={"retry-after": "0"})

    def _moved(self, key: str) -> web.Response:
        return web.Response(status=302, headers={"location": f"https://vendor.test/?api_key={quote(key, safe='')}"})

    def _page(self, key: str) -> web.Response:
        return web.Response(status=500, text=f"<html>{key} {quote(key)} {quote(key, safe='')}</html>")

    def _encoded(self, key: str) -> web.Response:
        basic = base64.b64encode(f"user:{key}".encode()).decode()
        return web.json_response({"error": {"message": f"Basic {basic}", "code": "bad"}}, status=403)

    def _long(self, key: str) -> web.Response:
        return web.json_response({"error": {"message": "x" * 2030 + key}}, status=503)

    def _well(self, key: str) -> web.Response:
        choices = [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return web.json_response(
            {"id": key, "model": key, "system_fingerprint": key, "choices": choices, "usage": usage}
        )


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    echo.url = f"http://{host}:{port}"
    yield echo
    await runner.cleanup()


def configuration(folder: Path, echo: Echo) -> str:
    vendors = "".join(f'[plugins.openai.vendors.{name}]\nbase_url = "{echo.url}/{name}"\n' for name in VENDORS)
    keys = ", ".join(f'{name} = "{key}"' for name, key in CONFIGURED.items())
    callers = "".join(
        f'[[access.callers]]\nname = "{name}"\nkey_sha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\n'
        f"administrator = {'true' if name == 'caller-0' else 'false'}\n"
        for name, key in CALLERS.items()
    )
    return f"""
[server]
address = "unix:{folder}/socket"
[log]
format = "json"
level = "debug"
[storage]
url = "sqlite:///{folder}/written/ymera.db"
[plugins]
disabled = ["ollama", "simulator"]
[plugins.openai]
discover_local = false
{vendors}
[plugins.openai.endpoints.several]
base_url = "{echo.url}/several"
models = ["m"]
api_keys = {{ {keys} }}
[plugins.openai.endpoints.stored]
base_url = "{echo.url}/stored"
models = ["m"]
{callers}
"""


class Notes:
    """Keeps what a server sends: every answer and every error, as text and as bytes."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}

    async def call(self, name: str, call: Any) -> Any:
        try:
            answer = await call
        except grpc.aio.AioRpcError as error:
            text = f"{error!r} {error.details()} {error.debug_error_string()} {error.trailing_metadata()!r}"
            self._keep(name, text.encode(errors="replace"))
            return None
        self._keep(name, str(answer).encode() + answer.SerializeToString())
        return answer

    async def stream(self, name: str, call: Any) -> None:
        try:
            async for event in call:
                self._keep(name, str(event).encode() + event.SerializeToString())
        except grpc.aio.AioRpcError as error:
            self._keep(name, f"{error!r} {error.trailing_metadata()!r}".encode(errors="replace"))

    def _keep(self, name: str, data: bytes) -> None:
        self.written[name] = self.written.get(name, b"") + data


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YMERA_")}
    homes = {f"XDG_{kind}_HOME": str(folder / "written" / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
    keys = {VENDORS_BY_NAME[name].key_variables[0]: key for name, key in ENVIRONMENT.items()}
    return {**kept, **homes, **keys, "YMERA_VAULT__MASTER_KEY": MASTER_KEY, "YMERA_API_KEY": CALLERS["caller-0"]}


async def ymera(folder: Path, *arguments: str) -> bytes:
    """Returns what a command prints."""
    process = await asyncio.create_subprocess_exec(
        *YMERA,
        *arguments,
        env=environment(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return (await asyncio.wait_for(process.communicate(), 60))[0]


def command_line(process: int) -> bytes:
    """Returns what other users see of a process."""
    return Path(f"/proc/{process}/cmdline").read_bytes()


async def use(address: str, notes: Notes) -> None:
    """Calls everything that shows something, with good keys and bad ones."""
    request: Any
    async with grpc.aio.insecure_channel(address) as channel:
        await asyncio.wait_for(channel.channel_ready(), 60)
        stub, keys = ymera_pb2_grpc.YmeraServiceStub(channel), keys_pb2_grpc.KeyServiceStub(channel)
        admin = (("authorization", f"Bearer {CALLERS['caller-0']}"),)
        for name, key in STORED.items():
            request = keys_pb2.AddKeyRequest(provider="stored", name=name, secret=key)
            await notes.call("AddKey", keys.AddKey(request, timeout=WAIT, metadata=admin))
        twice = keys_pb2.AddKeyRequest(provider="stored", name="again", secret=STORED["vault-0"])
        await notes.call("AddKey", keys.AddKey(twice, timeout=WAIT, metadata=admin))
        for model in ("several/m", "stored/m", *(f"{name}/m" for name in VENDORS)):
            preferences = routing_pb2.RoutingPreferences(allow_models=[model])
            for number in range(20):
                metadata = (("authorization", f"Bearer {CALLERS[f'caller-{number}']}"),)
                request = ymera_pb2.ExecuteRequest(prompt=PROMPT, preferences=preferences)
                await notes.call("Execute", stub.Execute(request, timeout=WAIT, metadata=metadata))
                if number % 5 == 0:
                    streamed = ymera_pb2.ExecuteStreamRequest(prompt=PROMPT, preferences=preferences)
                    await notes.stream("ExecuteStream", stub.ExecuteStream(streamed, timeout=WAIT, metadata=metadata))
        for name, key in ROTATED.items():
            request = keys_pb2.RotateKeyRequest(provider="stored", name=name, secret=key)
            await notes.call("RotateKey", keys.RotateKey(request, timeout=WAIT, metadata=admin))
        wrong = (("authorization", f"Bearer {CALLERS['caller-1']}x"),)
        await notes.call("Execute", stub.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), metadata=wrong))
        await notes.call("CheckKeys", keys.CheckKeys(keys_pb2.CheckKeysRequest(), timeout=60, metadata=admin))
        await notes.call("ListKeys", keys.ListKeys(keys_pb2.ListKeysRequest(), timeout=WAIT, metadata=admin))
        plugins = admin_pb2_grpc.AdminServiceStub(channel)
        await notes.call("Plugins", plugins.ListPlugins(admin_pb2.ListPluginsRequest(), timeout=WAIT, metadata=admin))
        await notes.call("Health", stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT, metadata=admin))
        past = routing_pb2_grpc.RoutingServiceStub(channel)
        request = routing_pb2.ListExecutionsRequest(page_size=200)
        listed = await notes.call("History", past.ListExecutions(request, timeout=WAIT, metadata=admin))
        for execution in listed.executions:
            request = routing_pb2.GetExecutionRequest(request_id=execution.request_id)
            await notes.call("GetExecution", past.GetExecution(request, timeout=WAIT, metadata=admin))
        for name in ("vault-20", "vault-21"):
            request = keys_pb2.RevokeKeyRequest(provider="stored", name=name)
            await notes.call("RevokeKey", keys.RevokeKey(request, timeout=WAIT, metadata=admin))


@pytest.mark.timeout(300)
async def test_of_a_hundred_secrets_none_is_written_anywhere(echo: Echo, tmp_path: Path, observe: Observe) -> None:
    (tmp_path / "written").mkdir()
    config, log = tmp_path / "ymera.toml", tmp_path / "written" / "log"
    config.write_text(configuration(tmp_path, echo))
    address, notes = f"unix:{tmp_path}/socket", Notes()
    with log.open("wb") as stream:
        server = await asyncio.create_subprocess_exec(
            *YMERA, "serve", "--config", str(config), env=environment(tmp_path), stdout=stream, stderr=stream
        )
        try:
            await use(address, notes)
            notes.written["ps"] = command_line(server.pid)
            for command in (
                ["health"],
                ["plugins", "show", "openai"],
                ["keys", "list", "--all"],
                ["keys", "check", "stored"],
                ["models"],
                ["history"],
                ["explain", "--last"],
                ["usage", "--by", "key"],
            ):
                notes.written[" ".join(command)] = await ymera(tmp_path, *command, "--address", address)
        finally:
            server.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(server.wait(), 60) == 0
    for command in (["config", "show"], ["config", "check"], ["plugins", "show", "openai"], ["keys", "list"]):
        notes.written[" ".join(command) + " alone"] = await ymera(tmp_path, *command, "--config", str(config))
    files = [file for file in (tmp_path / "written").rglob("*") if file.is_file()]
    notes.written |= {str(file.relative_to(tmp_path)): file.read_bytes() for file in files}
    assert echo.seen >= {*ENVIRONMENT.values(), *CONFIGURED.values()}
    assert len(echo.seen & set(STORED.values())) > 30
    size = sum(map(len, notes.written.values()))
    observe(f"{len(ALL)} secrets, searched {len(notes.written)} places with {size >> 10} KiB")
    assert len(ALL) > 100
    assert b'"event":"call"' in notes.written["written/log"]
    assert found_in(notes.written) == []


def test_the_search_finds_what_is_there() -> None:
    text = ALL[0]
    for written in (
        text,
        f"a {quote(text, safe='')}",
        base64.b64encode(f"user:{text}".encode()).decode(),
        base64.urlsafe_b64encode(f"{text} and".encode()).decode(),
        text[:30],
    ):
        assert found_in({"here": written.encode()})
    assert not found_in({"here": f"…{text[-4:]}".encode()})


def test_settings_show_and_pickle_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    config = tmp_path / "ymera.toml"
    config.write_text(configuration(tmp_path, Echo()))
    settings = load(config)
    table = OpenAiSettings.model_validate(settings.plugins.tables["openai"])
    shown = f"{settings!r} {settings} {table!r} {settings.vault.model_dump_json()} {table.model_dump()}"
    assert found_in({"settings": shown.encode()}) == []
    for each in (settings, settings.vault, settings.plugins, table):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(each)
