"""The contracts of what providers do besides generating."""

import asyncio

import pytest

from ymera_service.sdk.models import Kind
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import context_of
from ymera_service.sdk.testing.checks.work import check_embeddings
from ymera_service.sdk.work import Embeddings, EmbedRequest


class EmbedContract:
    """Define a fixture `provider` that offers embeddings, and `model`, if it lists none of that kind."""

    inputs = ("A cat sat on the mat.", "Rust is a language.", "A cat sat on the mat.")

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    async def model(self, provider: Provider) -> str:
        """The model to test: the first one of kind `EMBED`."""
        return next(info.name for info in await provider.models() if info.kind is Kind.EMBED)

    async def test_each_input_gets_its_vector(self, provider: Provider, model: str) -> None:
        request = EmbedRequest(model, self.inputs)
        reply = await _embed(provider, request)
        check_embeddings(request, reply)
        first, second, third = reply.vectors
        assert max(abs(one - other) for one, other in zip(first, third, strict=True)) < 0.01, "equal inputs differ"
        assert list(first) != list(second), "different inputs have the same vector"

    async def test_calls_at_the_same_time_do_not_mix(self, provider: Provider, model: str) -> None:
        requests = [EmbedRequest(model, self.inputs[:count]) for count in (1, 2, 3)]
        for request, reply in zip(
            requests, await asyncio.gather(*(_embed(provider, each) for each in requests)), strict=True
        ):
            check_embeddings(request, reply)

    async def test_a_cancelled_call_ends(self, provider: Provider, model: str) -> None:
        task = asyncio.create_task(_embed(provider, EmbedRequest(model, self.inputs)))
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait({task})


async def _embed(provider: Provider, request: EmbedRequest) -> Embeddings:
    return await provider.embed(request, context_of(provider, request))
