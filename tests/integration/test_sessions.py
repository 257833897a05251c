"""A session goes on with its model, whichever server its requests reach, and after a restart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import content_pb2, ymera_pb2, ymera_pb2_grpc

from tests.integration.test_access import CHECKOUT, SEARCH, key
from ymera_service.access.keys import digest
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10
QUESTION, FURTHER = "How do volcanoes form under the ocean?", "And how hot do they get?"


def prompt(text: str) -> content_pb2.Prompt:
    part = content_pb2.Part(text=text)
    return content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])])


async def stays(app: Application, caller: str, session: str = "s") -> str:
    """Returns the model that a server would stay with; empty if it knows of none."""
    async with grpc.aio.insecure_channel(app.address) as channel:
        stub = ymera_pb2_grpc.YmeraServiceStub(channel)
        request = ymera_pb2.RouteRequest(prompt=prompt(FURTHER))
        request.preferences.session_id = session
        decision = (await stub.Route(request, metadata=key(caller), timeout=WAIT)).decision
        return decision.candidates[0].model if decision.session_affinity else ""


async def answer(app: Application, caller: str, model: str) -> None:
    async with grpc.aio.insecure_channel(app.address) as channel:
        stub = ymera_pb2_grpc.YmeraServiceStub(channel)
        request = ymera_pb2.ExecuteRequest(prompt=prompt(QUESTION))
        request.preferences.session_id = "s"
        request.preferences.model = model
        await stub.Execute(request, metadata=key(caller), timeout=WAIT)


async def known(app: Application, caller: str, model: str) -> None:
    """Returns as soon as a server stays with the model."""
    async with asyncio.timeout(WAIT):
        while True:
            if await stays(app, caller) == model:
                return
            await asyncio.sleep(0.05)


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    """Of a server with two callers."""
    keys = [
        {"name": "checkout", "key_sha256": digest(CHECKOUT)},
        {"name": "search", "key_sha256": digest(SEARCH), "administrator": True},
    ]
    return make_settings(access={"callers": keys}, storage={"url": database_url})


async def test_two_servers_share_sessions_and_keep_them_over_a_restart(settings: Settings, lab: Lab) -> None:
    async with Application.start(settings, lab.found) as one:
        async with Application.start(settings, lab.found) as other:
            assert await stays(other, CHECKOUT) == ""
            await answer(one, CHECKOUT, "lab/parrot")
            await known(other, CHECKOUT, "lab/parrot")
            await answer(other, CHECKOUT, "lab/everything")
            await known(one, CHECKOUT, "lab/everything")
            assert await stays(one, SEARCH) == await stays(other, SEARCH) == ""
        async with Application.start(settings, lab.found) as restarted:
            assert await stays(restarted, CHECKOUT) == "lab/everything"
            assert await stays(restarted, SEARCH) == await stays(restarted, CHECKOUT, "t") == ""


async def test_sessions_stay_with_their_server_where_no_features_are_kept(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = make_settings(routing={"features": False})
    async with Application.start(settings, lab.found) as app:
        await answer(app, CHECKOUT, "lab/parrot")
        await known(app, CHECKOUT, "lab/parrot")
        async with Application.start(settings, lab.found) as other:
            assert await stays(other, CHECKOUT) == ""
