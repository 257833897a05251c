"""Providers that are made once they have a key, so that a server starts without the code of those that have none."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import date
from functools import cached_property

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    EmbedRequest,
    ModerateRequest,
    Moderations,
    Ranking,
    RerankRequest,
    TokenCount,
)


def keyed(keys: Keys, vault: Vault | None, make: Callable[[], Provider]) -> Iterator[Provider]:
    """Yields a provider: made now if it can be called, or with its first key if there is a vault that may get one."""
    if keys.known or not keys.missing:
        yield make()
    elif vault is not None:
        yield LaterProvider(keys, make)


class LaterProvider(Provider):
    """Stands for a provider without a key, and makes it when it is first used: it neither starts nor closes it."""

    def __init__(self, keys: Keys, make: Callable[[], Provider]) -> None:
        self.name = keys.provider
        self.keys: Keys = keys
        self._make = make

    @cached_property
    def _made(self) -> Provider:
        return self._make()

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        await asyncio.to_thread(getattr, self, "_made")  # it imports its code
        return await self._made.models()

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """See `Provider.generate`."""
        async with aclosing(self._made.generate(request, context)) as events:
            async for event in events:
                yield event

    async def check_key(self, account: str | None) -> None:
        """See `Provider.check_key`."""
        await self._made.check_key(account)

    async def billed(self, start: date, end: date) -> Sequence[Bill] | None:
        """See `Provider.billed`."""
        return await self._made.billed(start, end)

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        return await self._made.embed(request, context)

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        return await self._made.count_tokens(request, context)

    async def moderate(self, request: ModerateRequest, context: CallContext) -> Moderations:
        """See `Provider.moderate`."""
        return await self._made.moderate(request, context)

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        return await self._made.rerank(request, context)
