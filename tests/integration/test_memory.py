"""The data of a request is freed at its end, without waiting for the garbage collector."""

from __future__ import annotations  # the stubs' types exist for type checkers only

import gc
from collections.abc import Iterator

import grpc
import pytest
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.integration.conftest import WAIT
from ymera_service.sdk.generation import Prompt


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def prompts_alive() -> int:
    return sum(isinstance(one, Prompt) for one in gc.get_objects())


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
# Not "buggy": its traceback is logged, and structlog's default renderer, in use here alone, keeps the frames.
@pytest.mark.parametrize("model", ["parrot", "down", "cut", "prude", "unknown"])
async def test_no_request_stays_in_memory(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, model: str, stream: bool) -> None:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello there")])
    prompt = content_pb2.Prompt(messages=[message])
    preferences = routing_pb2.RoutingPreferences(allow_models=[f"lab/{model}"])
    before = prompts_alive()
    for _ in range(8):
        try:
            if stream:
                request = ymera_pb2.ExecuteStreamRequest(prompt=prompt, preferences=preferences)
                async for _event in stub.ExecuteStream(request, timeout=WAIT):
                    pass
            else:
                await stub.Execute(ymera_pb2.ExecuteRequest(prompt=prompt, preferences=preferences), timeout=WAIT)
        except grpc.aio.AioRpcError:
            pass
    # The latest request may not have ended, and the observers may hold one.
    assert prompts_alive() <= before + 2
