"""The README's trace of a request: a real one meets the files in that order."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.integration.upstream import CHAT_MODEL, serving
from ymera_service.config import Settings
from ymera_service.server import Application

ROOT = Path(__file__).parents[2]
PACKAGE = f"{ROOT / 'ymera_service'}/"
HI = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Hi")])
WAIT = 30
BUILT_AT_START = "execution/building.py"
ASKED_BEFORE = {"execution/recording.py"}
"""The pipeline asks first whether anything can be recorded."""


def with_two_keys(plugins: dict[str, Any]) -> dict[str, Any]:
    """Gives an endpoint two accounts, so that there is a choice between them."""
    plugins["openai"]["endpoints"]["chat"]["api_keys"] = {"a": "key-a", "b": "key-b"}
    return plugins


async def test_a_request_meets_the_files_of_the_readmes_trace(make_settings: Callable[..., Settings]) -> None:
    entered: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            entered[frame.f_code.co_filename.removeprefix(PACKAGE)] = None

    trace = (ROOT / "README.md").read_text().partition("## How a request flows")[2].split("```")[1]
    main = re.findall(r"^[a-z]\S+", trace, re.MULTILINE)
    request = ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[HI]), preferences=routing_pb2.RoutingPreferences(model=CHAT_MODEL)
    )
    async with (
        serving() as upstream,
        Application.start(make_settings(plugins=with_two_keys(upstream.tables))) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        sys.setprofile(note)
        try:
            await stub.Execute(request, timeout=WAIT)
        finally:
            sys.setprofile(None)
    met = [re.sub(r"(?<=^serving/checks/).*", "", name) for name in entered]
    assert {*re.findall(r"[a-z]+/[a-z_/.]+", trace)} - {*met} == {BUILT_AT_START}
    assert sorted({*main} - ASKED_BEFORE, key=met.index) == [name for name in main if name not in ASKED_BEFORE]
