"""KeyService: keys are added, listed, checked, rotated and revoked by administrators, and never returned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from pydantic import SecretStr
from ymera.v1 import keys_pb2 as pb
from ymera.v1 import keys_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from tests.integration.test_keys import MASTER_KEY, PROMPT, WAIT, Acme, vendor
from ymera_service.access.keys import digest, new_key
from ymera_service.config import Settings
from ymera_service.server import Application

FIRST, SECOND = (f"sk-{number}-0123456789abcdef" for number in (1, 2))
Key = pb.ProviderKey


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    async with vendor() as acme:
        yield acme


def settings(make_settings: Callable[..., Settings], acme: Acme, **more: object) -> Settings:
    groq = {"base_url": acme.url}
    tables = {
        "vault": {"master_key": SecretStr(MASTER_KEY)},
        "plugins": {
            "disabled": ["ollama", "simulator"],
            "openai": {"discover_local": False, "vendors": {"groq": groq}},
        },
    }
    return make_settings(**{**tables, **more})


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[keys_pb2_grpc.KeyServiceAsyncStub, grpc.aio.Channel]]:
    async with Application.start(settings) as app, grpc.aio.insecure_channel(app.address) as channel:
        yield keys_pb2_grpc.KeyServiceStub(channel), channel


async def refused(call: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]  # a call of a stub
    return caught.value


async def test_the_life_of_a_key(make_settings: Callable[..., Settings], acme: Acme) -> None:
    acme.state = {FIRST: "good", SECOND: "good"}
    async with serving(settings(make_settings, acme)) as (stub, channel):
        added = (await stub.AddKey(pb.AddKeyRequest(provider="groq", secret=FIRST), timeout=WAIT)).key
        assert (added.name, added.fingerprint, added.state, added.source) == (
            "default",
            "…cdef",
            Key.STATE_ACTIVE,
            Key.SOURCE_VAULT,
        )
        ymera = ymera_pb2_grpc.YmeraServiceStub(channel)
        answer = await ymera.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), timeout=WAIT)
        assert [attempt.account for attempt in answer.attempts] == ["default"]
        [listed] = (await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)).keys
        assert (listed.attempts, listed.HasField("last_used_at"), listed.HasField("cost_micros")) == (1, True, False)
        await stub.RotateKey(pb.RotateKeyRequest(provider="groq", secret=SECOND), timeout=WAIT)
        await ymera.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), timeout=WAIT)
        assert dict(acme.calls) == {FIRST: 1, SECOND: 1}
        await stub.RevokeKey(pb.RevokeKeyRequest(provider="groq"), timeout=WAIT)
        [gone] = (await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)).keys
        assert (gone.state, gone.HasField("revoked_at")) == (Key.STATE_REVOKED, True)
        assert (await refused(ymera.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), timeout=WAIT))).code()
        assert dict(acme.calls) == {FIRST: 1, SECOND: 1}
        error = await refused(stub.RevokeKey(pb.RevokeKeyRequest(provider="groq"), timeout=WAIT))
        assert error.code() is grpc.StatusCode.NOT_FOUND


async def test_each_key_is_checked_for_nothing(make_settings: Callable[..., Settings], acme: Acme) -> None:
    acme.state = {FIRST: "good", SECOND: "refused"}
    async with serving(settings(make_settings, acme)) as (stub, _):
        for name, secret in {"one": FIRST, "two": SECOND}.items():
            await stub.AddKey(pb.AddKeyRequest(provider="groq", name=name, secret=secret), timeout=WAIT)
        checks = (await stub.CheckKeys(pb.CheckKeysRequest(), timeout=WAIT)).checks
        assert [(check.name, check.verdict) for check in checks] == [
            ("one", pb.KeyCheck.VERDICT_VALID),
            ("two", pb.KeyCheck.VERDICT_REFUSED),
        ]
        assert SECOND not in str(checks)
        only = (await stub.CheckKeys(pb.CheckKeysRequest(provider="groq", name="two"), timeout=WAIT)).checks
        assert [check.name for check in only] == ["two"]
        acme.state[""] = "good"  # it answers anyone now
        public = (await stub.CheckKeys(pb.CheckKeysRequest(name="one"), timeout=WAIT)).checks
        assert [check.verdict for check in public] == [pb.KeyCheck.VERDICT_UNKNOWN]
    assert not acme.calls


async def test_keys_of_the_configuration_are_listed_and_keep_their_names(
    make_settings: Callable[..., Settings], acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", FIRST)
    acme.state = {FIRST: "good", SECOND: "good"}
    async with serving(settings(make_settings, acme)) as (stub, _):
        [listed] = (await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)).keys
        assert (listed.name, listed.source) == ("", Key.SOURCE_CONFIGURATION)
        error = await refused(
            stub.AddKey(pb.AddKeyRequest(provider="groq", name="configured", secret=SECOND), timeout=WAIT)
        )
        assert "configuration" in (error.details() or "")
        await stub.AddKey(pb.AddKeyRequest(provider="groq", secret=SECOND), timeout=WAIT)
        found = await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)
        assert [key.name for key in found.keys] == ["configured", "default"]
        [groq] = [one for one in found.providers if one.provider == "groq"]
        assert list(groq.variables) == ["GROQ_API_KEY"]


async def test_a_key_is_not_sent_to_where_its_provider_has_moved(
    make_settings: Callable[..., Settings], acme: Acme
) -> None:
    acme.state = {FIRST: "good"}
    async with serving(settings(make_settings, acme)) as (stub, _):
        await stub.AddKey(pb.AddKeyRequest(provider="groq", secret=FIRST), timeout=WAIT)
    async with vendor() as elsewhere:
        elsewhere.state = {FIRST: "good"}
        async with serving(settings(make_settings, elsewhere)) as (stub, channel):
            [key] = (await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)).keys
            assert (key.state, "another address" in key.detail) == (Key.STATE_UNUSABLE, True)
            ymera = ymera_pb2_grpc.YmeraServiceStub(channel)
            await refused(ymera.Execute(ymera_pb2.ExecuteRequest(prompt=PROMPT), timeout=WAIT))
        assert not elsewhere.calls


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.AddKeyRequest(provider="grok", secret=FIRST), "did you mean 'groq'"),
        (pb.AddKeyRequest(provider="groq", name="No", secret=FIRST), "name"),
        (pb.AddKeyRequest(provider="groq", secret="two words"), "secret"),
        (pb.AddKeyRequest(provider="groq"), "secret"),
    ],
)
async def test_what_is_wrong_is_named_and_the_key_is_not_repeated(
    make_settings: Callable[..., Settings], acme: Acme, request_: pb.AddKeyRequest, field: str
) -> None:
    async with serving(settings(make_settings, acme)) as (stub, _):
        error = await refused(stub.AddKey(request_, timeout=WAIT))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (error.details() or "")
    assert not request_.secret or request_.secret not in repr(error)


async def test_only_administrators_manage_keys(make_settings: Callable[..., Settings], acme: Acme) -> None:
    plain, admin = new_key(), new_key()
    callers = [
        {"name": "checkout", "key_sha256": digest(plain)},
        {"name": "operator", "key_sha256": digest(admin), "administrator": True},
    ]
    async with serving(settings(make_settings, acme, access={"callers": callers})) as (stub, _):
        request = pb.AddKeyRequest(provider="groq", secret=FIRST)
        error = await refused(stub.AddKey(request, timeout=WAIT, metadata=(("authorization", f"Bearer {plain}"),)))
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        calls: list[tuple[Any, Any]] = [
            (stub.ListKeys, pb.ListKeysRequest()),
            (stub.CheckKeys, pb.CheckKeysRequest()),
            (stub.RotateKey, pb.RotateKeyRequest(provider="groq", secret=FIRST)),
            (stub.RevokeKey, pb.RevokeKeyRequest(provider="groq")),
        ]
        for call, empty in calls:
            error = await refused(call(empty, timeout=WAIT, metadata=(("authorization", f"Bearer {plain}"),)))
            assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        await stub.AddKey(request, timeout=WAIT, metadata=(("authorization", f"Bearer {admin}"),))


async def test_without_a_master_key_health_says_so(make_settings: Callable[..., Settings], acme: Acme) -> None:
    async with serving(settings(make_settings, acme)) as (stub, _):
        await stub.AddKey(pb.AddKeyRequest(provider="groq", secret=FIRST), timeout=WAIT)
    other = {"master_key": SecretStr("A" * 43)}
    async with serving(settings(make_settings, acme, vault=other)) as (stub, channel):
        [key] = (await stub.ListKeys(pb.ListKeysRequest(), timeout=WAIT)).keys
        assert key.state == Key.STATE_UNUSABLE
        health = await ymera_pb2_grpc.YmeraServiceStub(channel).Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert health.status != ymera_pb2.HEALTH_STATUS_OK
