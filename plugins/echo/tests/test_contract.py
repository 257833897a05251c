"""The echo keeps a provider's promises."""

import pytest
from ymera_echo.provider import EchoProvider

from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import ProviderContract


class TestEcho(ProviderContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return EchoProvider()
