"""Vertex AI: other addresses, and tokens that are renewed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ymera_gemini import tokens, ymera_register_providers
from ymera_gemini.settings import GeminiSettings
from ymera_gemini.tokens import AccessToken, from_command, from_default_credentials
from ymera_gemini.vertex import VertexDialect, VertexProvider, address

from ymera_service.sdk.content import Media, MediaKind, Message, Role, user
from ymera_service.sdk.errors import AuthenticationFailed, InvalidProviderRequest, ProviderServerError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Transport
from ymera_service.sdk.models import Capability
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import Answer, context_of, count_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.transport import HttpTransport

REQUEST = GenerateRequest("gemini-2.5-flash", Prompt((user("Hi"),)), stream=False)
MODELS = "/v1beta1/projects/p-1/locations/{}/publishers/google/models/gemini-2.5-flash:generateContent"


def printing(words: str) -> tuple[str, ...]:
    return (sys.executable, "-c", words)


@dataclass
class Google:
    """Vertex AI, its metadata server and its token server, on this machine."""

    url: str = ""
    lifetime: int = 3600
    refuses: int = 0
    issued: list[Mapping[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def issue(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        self.issued.append(form | {"flavour": request.headers.get("metadata-flavor", "")})
        if self.refuses:
            return web.json_response({"error": "invalid_grant", "error_description": "secret-1"}, status=self.refuses)
        return web.json_response({"access_token": f"token-{len(self.issued)}", "expires_in": self.lifetime})

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.path, request.headers["authorization"]))
        candidate = {"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}
        return web.json_response({"candidates": [candidate]})


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    server = Google()
    app = web.Application()
    app.router.add_post("/token", server.issue)
    app.router.add_get("/computeMetadata/v1/instance/service-accounts/default/token", server.issue)
    app.router.add_post("/{rest:.*}", server.answer)
    async with TestServer(app) as listening:
        server.url = str(listening.make_url("")).removesuffix("/")
        yield server


def vertex(transport: Transport, google: Google, **settings: Any) -> VertexProvider:
    table = {"project": "p-1", "base_url": google.url, **settings}
    [provider] = ymera_register_providers(GeminiSettings.model_validate({"vertex": table}), transport, None)
    assert isinstance(provider, VertexProvider)
    return provider


def credentials(folder: Path, google: Google, **more: str) -> Path:
    file = folder / "credentials.json"
    user = {"type": "authorized_user", "client_id": "c-1", "client_secret": "s-1", "refresh_token": "r-1"}
    file.write_text(json.dumps({**user, "token_uri": f"{google.url}/token", **more}))
    return file


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))


# Tokens.


async def test_a_command_prints_the_token(google: Google, transport: HttpTransport) -> None:
    provider = vertex(transport, google, token_command=printing("print('t-1'); print('more')"))
    assert Answer.of(await events_of(provider, REQUEST)).text == "Hello"
    assert google.calls == [(MODELS.format("global"), "Bearer t-1")]


@pytest.mark.parametrize("words", ["", "print('t-1'); raise SystemExit(3)", "import os; os.write(1, b'x' * 100_000)"])
async def test_a_command_that_fails_is_an_authentication_error(words: str) -> None:
    with pytest.raises(AuthenticationFailed, match="gave no access token"):
        await from_command(printing(words))()
    with pytest.raises(AuthenticationFailed, match="FileNotFoundError"):
        await from_command(("/no/such/command",))()


async def test_a_command_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "COMMAND_SECONDS", 1.0)
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def noted(*command: Any, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*command, **options))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    with pytest.raises(AuthenticationFailed, match="TimeoutError"):
        await from_command(printing("import time; time.sleep(60)"))()
    [process] = started
    assert process.returncode == -9


async def test_credentials_of_a_user_are_exchanged_for_a_token(
    google: Google, transport: HttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = credentials(tmp_path, google)
    await events_of(vertex(transport, google, credentials_file=str(file)), REQUEST)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    await events_of(vertex(transport, google), REQUEST)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    file.rename(tmp_path / "application_default_credentials.json")
    await events_of(vertex(transport, google), REQUEST)
    form = {"grant_type": "refresh_token", "client_id": "c-1", "client_secret": "s-1", "refresh_token": "r-1"}
    assert google.issued == [form | {"flavour": ""}] * 3
    assert [sent for _, sent in google.calls] == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]


async def test_without_a_file_the_metadata_server_is_asked(
    google: Google, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCE_METADATA_HOST", google.url.removeprefix("http://"))
    await events_of(vertex(transport, google), REQUEST)
    assert google.issued == [{"flavour": "Google"}]
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    with pytest.raises(AuthenticationFailed, match="no default credentials"):
        await events_of(vertex(transport, google), REQUEST)


async def test_a_refusal_does_not_repeat_what_it_was_given(
    google: Google, transport: HttpTransport, tmp_path: Path
) -> None:
    source = from_default_credentials(transport, {}, credentials(tmp_path, google))
    for status, kind in ((400, AuthenticationFailed), (503, ProviderServerError)):
        google.refuses = status
        with pytest.raises(kind) as refused:
            await source()
        assert "secret" not in str(refused.value)


async def test_other_credentials_are_refused_and_the_remedy_named(
    google: Google, transport: HttpTransport, tmp_path: Path
) -> None:
    file = credentials(tmp_path, google, type="service_account")
    with pytest.raises(AuthenticationFailed, match=r"service_account are not supported: set vertex\.token_command"):
        await from_default_credentials(transport, {}, file)()
    with pytest.raises(AuthenticationFailed, match="can't be read"):
        await from_default_credentials(transport, {}, tmp_path / "none.json")()


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_token_is_renewed_once_before_it_ends() -> None:
    clock, issued = Clock(), 0

    async def issue() -> tuple[str, float]:
        nonlocal issued
        issued += 1
        await asyncio.sleep(0)
        return f"token-{issued}", 100.0

    token = AccessToken(issue, clock)
    for now, expected in ((0.0, "token-1"), (39.0, "token-1"), (40.0, "token-2"), (79.0, "token-2")):
        clock.now = now
        assert set(await asyncio.gather(*(token.value() for _ in range(20)))) == {expected}


async def test_a_renewal_that_is_cancelled_or_fails_is_left_to_the_next_call() -> None:
    started = asyncio.Event()
    outcomes: list[Callable[[], Awaitable[tuple[str, float]]]] = []

    async def issue() -> tuple[str, float]:
        return await outcomes.pop(0)()

    async def hang() -> tuple[str, float]:
        started.set()
        return await asyncio.Event().wait() and ("", 0.0)

    async def fail() -> tuple[str, float]:
        raise AuthenticationFailed("no")

    async def give() -> tuple[str, float]:
        return "token", 100.0

    outcomes += [hang, fail, give]
    token = AccessToken(issue)
    cancelled = asyncio.create_task(token.value())
    await started.wait()
    cancelled.cancel()
    await asyncio.wait([cancelled])
    with pytest.raises(AuthenticationFailed):
        await token.value()
    assert await token.value() == "token"


# Addresses and models.


def test_each_location_has_its_host() -> None:
    path = "/v1beta1/projects/p/locations/{0}/publishers/google"
    assert address("p", "global") == "https://aiplatform.googleapis.com" + path.format("global")
    assert address("p", "europe-west4") == "https://europe-west4-aiplatform.googleapis.com" + path.format(
        "europe-west4"
    )


async def test_each_location_is_a_target_of_every_model(google: Google, transport: HttpTransport) -> None:
    locations = ("us-central1", "europe-west4")
    provider = vertex(transport, google, locations=locations, token_command=printing("print('t')"))
    flash = next(info for info in await provider.models() if info.name == REQUEST.model)
    assert flash.unknown == {Capability.LOGPROBS}
    assert flash.capabilities == frozenset(Capability) - flash.unknown
    assert flash.price_vendor == "google"
    assert flash.deployments == tuple(Deployment(endpoint=location) for location in locations)
    assert [each.region for each in flash.deployments] == list(locations)
    for deployment in flash.deployments:
        context = replace(context_of(provider, REQUEST), target=Target("vertexai", "vertexai/x", deployment))
        assert [event async for event in provider.generate(REQUEST, context)]
    assert [path for path, _ in google.calls] == [MODELS.format(location) for location in locations]


async def test_tokens_of_a_prompt_are_counted_in_vertex_form(recorded_http: Callable[..., RecordedTransport]) -> None:
    async def issue() -> tuple[str, float]:
        return "token", 100.0

    transport = recorded_http(Exchange(b'{"totalTokens": 7}', path=":countTokens"))
    provider = VertexProvider({"global": address("p", "global")}, AccessToken(issue), transport)
    assert await count_of(provider, "gemini-2.5-flash", Prompt((user("Hi"),))) == 7
    assert orjson.loads(transport.requests[0].body).keys() == {"contents"}


def test_a_file_is_sent_by_its_address_and_not_by_an_id_that_the_gemini_api_gave_it() -> None:
    def asking(file_id: str) -> GenerateRequest:
        film = Media(MediaKind.VIDEO, "video/mp4", file_id=file_id, provider="vertexai")
        return GenerateRequest("gemini-2.5-flash", Prompt((Message(Role.USER, (film,)),)))

    sent = orjson.loads(VertexDialect().encode(asking("gs://bucket/film.mp4")).body)
    assert sent["contents"][0]["parts"][0]["fileData"]["fileUri"] == "gs://bucket/film.mp4"
    with pytest.raises(InvalidProviderRequest, match="keeps no files"):
        VertexDialect().encode(asking("files/abc"))
    with pytest.raises(InvalidProviderRequest, match="keeps no files"):
        VertexDialect().encode_count(asking("files/abc").prompt, "gemini-2.5-flash")
