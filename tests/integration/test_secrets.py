"""A key that a provider repeats in an error is not shown. `tests/faults` checks the log too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import Settings
from ymera_service.sdk.models import ModelInfo
from ymera_service.server import Application
from ymera_service.telemetry.redaction import REDACTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.conftest import Lab

WAIT = 10
KEY = "sk-0123456789abcdef"
REQUEST = content_pb2.Prompt(
    messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])]
)
PREFERENCES = routing_pb2.RoutingPreferences(allow_models=["lab/echo-key"])


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(plugins={"lab": {"api_key": KEY}})


async def test_a_key_in_an_error_is_not_shown_to_the_caller(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Execute(ymera_pb2.ExecuteRequest(prompt=REQUEST, preferences=PREFERENCES), timeout=WAIT)
    assert f"incorrect API key provided: {REDACTED}" in (caught.value.details() or "")
    assert KEY not in repr(caught.value.trailing_metadata())


async def test_a_key_in_the_error_of_a_listing_is_not_shown_in_health(
    settings: Settings, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def models() -> Sequence[ModelInfo]:
        raise ValueError(f"bad key {lab.provider.key}")

    monkeypatch.setattr(lab.provider, "models", models)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
    assert lab.provider.key == KEY
    assert "bad key" in health.detail
    assert KEY not in str(health)
