"""The contract of what a dialect declares of features."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from ymera_service.sdk.errors import InvalidProviderRequest, ProviderError
from ymera_service.sdk.features import Feature, Features, Support
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Dialect, Endpoint, HttpProvider
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.testing.answers import events_of
from ymera_service.sdk.testing.features import outcome, samples
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

_WARNED = frozenset({Support.MAPPED, Support.DROPPED})


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a provider's dialect declares, and models of every family that it treats differently."""

    provider: str
    dialect: Dialect
    features: Features
    models: Sequence[str]


class FeaturesContract:
    """Define a fixture `declaration`."""

    @pytest.fixture
    def declaration(self) -> Declaration:
        """The declaration to test."""
        raise NotImplementedError("define a fixture `declaration`")

    def test_each_feature_is_declared(self, declaration: Declaration) -> None:
        assert set(declaration.features) == set(Feature)

    def test_each_feature_becomes_what_is_declared(self, declaration: Declaration) -> None:
        wrong = {}
        for feature, sample in samples(declaration.provider).items():
            wanted = declaration.features[feature].support
            found = {outcome(declaration.dialect, model, feature, sample) for model in declaration.models} - {None}
            fits = len(found) > 1 if wanted is Support.BY_MODEL else found <= {wanted}
            if not fits:
                wrong[feature.value] = (sorted(str(one) for one in found), f"declared: {wanted}")
        assert not wrong

    @pytest.mark.asyncio
    async def test_a_strict_request_is_sent_only_if_nothing_is_mapped_or_dropped(
        self, declaration: Declaration
    ) -> None:
        model = declaration.models[0]
        for feature, sample in samples(declaration.provider).items():
            became = outcome(declaration.dialect, model, feature, sample)
            transport = RecordedTransport(Exchange(status=500))
            provider = _Plain(declaration.provider, declaration.dialect, Endpoint("http://upstream"), transport)
            request = GenerateRequest(model, sample.asking, strict=True)
            if became in _WARNED:
                with pytest.raises(InvalidProviderRequest):
                    await events_of(provider, request)
                assert not transport.requests, f"{feature} was {became} although the request is strict"
            elif became is Support.SENT:
                with suppress(ProviderError):
                    await events_of(provider, request)
                assert transport.requests, f"{feature} was refused although it is sent as asked"


class _Plain(HttpProvider):
    """A provider that only sends."""

    async def models(self) -> Sequence[ModelInfo]:
        return []
