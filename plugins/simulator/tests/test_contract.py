"""The simulator keeps a provider's promises, and its plugin loads unconfigured."""

import pytest
import ymera_simulator
from ymera_simulator import SimulatorProvider, SimulatorSettings

from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import (
    CountTokensContract,
    EmbedContract,
    ModerateContract,
    ProviderContract,
    RerankContract,
)


class TestSimulator(ProviderContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=0))


class TestPacedSimulator(ProviderContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=50))


class TestEmbeddings(EmbedContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=0))


class TestCounts(CountTokensContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=0))


class TestModeration(ModerateContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=0))


class TestReranking(RerankContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return SimulatorProvider(SimulatorSettings(speed=0))


def test_it_is_offered_unless_switched_off() -> None:
    assert [each.name for each in ymera_simulator.ymera_register_providers(SimulatorSettings())] == ["simulator"]
    assert not list(ymera_simulator.ymera_register_providers(SimulatorSettings(enabled=False)))
    assert ymera_simulator.ymera_describe().settings is SimulatorSettings
