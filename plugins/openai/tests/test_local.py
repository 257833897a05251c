"""Local servers are found where they are, and nothing else is taken for one."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ymera_openai.local import LOCAL_SERVERS, LlamaCpp, LmStudio, LocalServer, Vllm

from ymera_service.config import TransportSettings
from ymera_service.sdk.errors import ConnectionFailed, MalformedResponse, ProviderError
from ymera_service.sdk.http import Endpoint
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price
from ymera_service.transport import HttpTransport

WIRE = Path(__file__).parents[4] / "shared" / "wire"
TOOLS, SCHEMA, IMAGES = Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT
REASONING = Capability.REASONING
FREE = Price(0, 0, source="local")

Answers = Mapping[str, Any]
"""What a server answers by path; all else is 404."""

VLLM: Answers = {
    "/v1/models": {
        "object": "list",
        "data": [{"id": "Qwen/Qwen3-8B", "object": "model", "owned_by": "vllm", "max_model_len": 32768}],
    }
}
LLAMACPP: Answers = {
    "/v1/models": {
        "object": "list",
        "models": [{"name": "gemma.gguf", "capabilities": ["completion", "multimodal"]}],
        "data": [{"id": "gemma.gguf", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx": 8192}}],
    }
}
LM_ENTRY = {"object": "model", "compatibility_type": "gguf", "state": "loaded", "max_context_length": 131072}
LMSTUDIO: Answers = {
    "/api/v0/models": {
        "object": "list",
        "data": [
            {"id": "qwen2-vl-7b", "type": "vlm", "capabilities": ["tool_use"], **LM_ENTRY},
            {"id": "nomic-embed", "type": "embeddings", **LM_ENTRY},
        ],
    }
}
STRANGERS: list[Answers] = [
    {},
    {"/": {"hello": "world"}},
    {"/v1/models": {"object": "list", "data": []}},
    {"/v1/models": {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "owned_by": "proxy"}]}},
    {"/v1/models": "a page", "/api/version": "1", "/api/v0/models": ["a"]},
    {"/api/version": {"build": 7}, "/api/v0/models": {"data": [{"id": "x"}]}},
]


@asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[str]:
    """A real HTTP server on a free port of this machine."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split()[1]
            found = answers.get(path)
            body = json.dumps(found).encode()
            status = "404 Not Found" if found is None else "200 OK"
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def found_at(kind: type[LocalServer], root: str, *, configured: bool = False) -> list[ModelInfo]:
    async with HttpTransport(TransportSettings()) as transport:
        if configured:
            return list(await kind(transport, Endpoint(root)).models())
        here = type("Here", (kind,), {"default_root": root})
        return list(await here(transport).models())


@pytest.mark.parametrize(
    ("kind", "answers", "expected"),
    [
        (Vllm, VLLM, [("Qwen/Qwen3-8B", {TOOLS, SCHEMA, REASONING}, 32768)]),
        (LlamaCpp, LLAMACPP, [("gemma.gguf", {SCHEMA, IMAGES}, 8192)]),
        (LmStudio, LMSTUDIO, [("qwen2-vl-7b", {TOOLS, SCHEMA, IMAGES}, 131072)]),
    ],
)
async def test_a_server_is_found_with_its_models(
    kind: type[LocalServer], answers: Answers, expected: list[Any]
) -> None:
    async with serving(answers) as root:
        models = await found_at(kind, root)
    generating = [model for model in models if model.kind is Kind.GENERATE]
    assert [(model.name, set(model.capabilities), model.context_window) for model in generating] == expected
    assert {model.kind for model in models} <= {Kind.GENERATE, Kind.EMBED}
    assert all(model.local and model.price == FREE for model in models)


@pytest.mark.parametrize("kind", LOCAL_SERVERS)
@pytest.mark.parametrize("answers", [*STRANGERS, VLLM, LLAMACPP, LMSTUDIO])
async def test_another_server_on_its_port_is_left_alone(kind: type[LocalServer], answers: Answers) -> None:
    own = {Vllm: VLLM, LlamaCpp: LLAMACPP, LmStudio: LMSTUDIO}[kind]
    async with serving(answers) as root:
        assert bool(await found_at(kind, root)) == (answers is own)


@pytest.fixture
async def closed_port() -> str:
    async with serving({}) as root:
        return root


@pytest.mark.parametrize("kind", LOCAL_SERVERS)
async def test_where_nothing_listens_there_is_quietly_no_model(kind: type[LocalServer], closed_port: str) -> None:
    assert await found_at(kind, closed_port) == []


@pytest.mark.parametrize("kind", LOCAL_SERVERS)
async def test_a_server_that_was_configured_is_missed(kind: type[LocalServer], closed_port: str) -> None:
    with pytest.raises(ConnectionFailed):
        await found_at(kind, closed_port, configured=True)
    async with serving({"/v1/models": {"data": []}}) as root:
        with pytest.raises(ProviderError):
            await found_at(kind, root, configured=True)


async def test_a_configured_address_may_end_with_its_version() -> None:
    async with serving(VLLM) as root:
        assert len(await found_at(Vllm, root + "/v1/", configured=True)) == 1


async def test_another_kind_of_server_is_named_in_the_error() -> None:
    async with serving(VLLM) as root:
        with pytest.raises(MalformedResponse, match="is not llamacpp"):
            await found_at(LlamaCpp, root, configured=True)


async def test_a_recorded_llamacpp_is_recognised() -> None:
    found = list(WIRE.glob("llamacpp/llamacpp.models.*.json"))
    if not found:
        pytest.skip("the recorded exchanges are not beside this checkout")
    listing = json.loads(json.loads(found[0].read_bytes())["response"]["body_text"])
    async with serving({"/v1/models": listing}) as root:
        (model,) = await found_at(LlamaCpp, root)
    assert model.context_window == 4096
    assert TOOLS in model.capabilities


def test_every_kind_has_a_port_of_its_own() -> None:
    assert len({kind.default_root for kind in LOCAL_SERVERS}) == len(LOCAL_SERVERS)
