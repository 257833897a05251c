"""Credentials of the role of a container or a machine, from a server on this machine."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ymera_bedrock import ymera_register_providers
from ymera_bedrock.roles import RoleSource, Temporary, of_container, of_machine
from ymera_bedrock.settings import BedrockSettings
from ymera_bedrock.signing import Credentials

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import AuthenticationFailed, ProviderServerError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.testing.answers import events_of
from ymera_service.transport import HttpTransport

from .frames import answer, block

REQUEST = GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)))
KEY = Credentials("ASIA1", "secret-1", "token-1")


@dataclass
class Aws:
    """The services for credentials of containers and machines, and Bedrock."""

    url: str = ""
    document: Any = field(
        default_factory=lambda: {
            "AccessKeyId": "ASIA1",
            "SecretAccessKey": "secret-1",
            "Token": "token-1",
            "Expiration": "2100-01-01T00:00:00Z",
        }
    )
    status: int = 200
    roles: str = "web-role\n"
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def session(self, request: web.Request) -> web.Response:
        assert request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "300"
        return web.Response(text="session-1", status=self.status)

    async def get(self, request: web.Request) -> web.Response:
        proof = request.headers.get("authorization") or request.headers.get("x-aws-ec2-metadata-token") or ""
        self.calls.append((request.path, proof))
        if request.path.endswith("/security-credentials/"):
            return web.Response(text=self.roles)
        return web.json_response(self.document, status=self.status)

    async def converse(self, request: web.Request) -> web.Response:
        self.calls.append((request.path, request.headers["authorization"].partition("/")[0]))
        return web.Response(body=answer(block(0, {"text": "Hello"})))


@pytest.fixture
async def aws() -> AsyncIterator[Aws]:
    server = Aws()
    app = web.Application()
    app.router.add_put("/latest/api/token", server.session)
    app.router.add_get("/{rest:.*}", server.get)
    app.router.add_post("/{rest:.*}", server.converse)
    async with TestServer(app) as listening:
        server.url = str(listening.make_url("")).removesuffix("/")
        yield server


async def test_a_container_gets_its_role_with_its_token(aws: Aws, transport: HttpTransport, tmp_path: Path) -> None:
    named = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/v1/credentials"}
    assert await of_container(transport, named)() == KEY
    assert await of_container(transport, {**named, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t-1"})() == KEY
    (tmp_path / "token").write_text("t-2\n")
    file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
    assert await of_container(transport, named | file)() == KEY
    assert aws.calls == [("/v1/credentials", proof) for proof in ("", "t-1", "t-2")]
    with pytest.raises(AuthenticationFailed, match="can't be read"):
        await of_container(transport, named | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/none"})()


async def test_a_machine_gets_its_role_in_a_session(aws: Aws, transport: HttpTransport) -> None:
    environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{aws.url}/"}
    assert await of_machine(transport, environment)() == KEY
    roles = "/latest/meta-data/iam/security-credentials/"
    assert aws.calls == [(roles, "session-1"), (f"{roles}web-role", "session-1")]
    aws.roles = ""
    with pytest.raises(AuthenticationFailed, match="no role"):
        await of_machine(transport, environment)()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"AccessKeyId": "a", "SecretAccessKey": "s", "Token": "t"},
        {"AccessKeyId": "a", "SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00"},
        {"SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"},
    ],
)
async def test_credentials_that_are_not_whole_are_refused(aws: Aws, transport: HttpTransport, document: Any) -> None:
    aws.document = document
    with pytest.raises(AuthenticationFailed):
        await of_container(transport, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url})()


async def test_a_refusal_does_not_repeat_what_it_was_given(aws: Aws, transport: HttpTransport) -> None:
    for aws.status, kind in ((403, AuthenticationFailed), (503, ProviderServerError)):
        with pytest.raises(kind) as refused:
            await of_container(transport, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url})()
        assert "secret" not in str(refused.value)
    with pytest.raises(AuthenticationFailed, match=r"set plugins\.bedrock\.profiles"):
        await of_container(transport, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1"})()


async def test_credentials_are_renewed_once_and_before_they_expire() -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    now, issued = start, 0

    async def fetch() -> Temporary:
        nonlocal issued
        issued += 1
        await asyncio.sleep(0)
        return Credentials(f"ASIA{issued}", "s", "t"), now + timedelta(hours=1)

    source = RoleSource(fetch, lambda: now)
    for minutes, expected in ((0, "ASIA1"), (54, "ASIA1"), (55, "ASIA2"), (109, "ASIA2"), (110, "ASIA3")):
        now = start + timedelta(minutes=minutes)
        assert {key.key_id for key in await asyncio.gather(*(source() for _ in range(9)))} == {expected}


async def test_a_role_signs_without_another_key(
    aws: Aws, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url)
    settings = BedrockSettings(regions=("eu-west-1",), base_url=aws.url)
    sent = []
    for variable in ("", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        if variable:
            monkeypatch.setenv(variable, f"{aws.url}/container")
        [provider] = ymera_register_providers(settings, transport, None)
        aws.calls.clear()
        await events_of(provider, REQUEST)
        sent.append([path for path, _ in aws.calls][-2])
        assert aws.calls[-1][1] == "AWS4-HMAC-SHA256 Credential=ASIA1"
    assert sent == ["/latest/meta-data/iam/security-credentials/web-role", "/container"]
    assert list(ymera_register_providers(BedrockSettings(), transport, None)) == []
