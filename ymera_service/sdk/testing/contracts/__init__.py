"""One class per kind of plugin: subclass it in a test file and define the fixtures that its docstring lists.

The tests are asynchronous and run with pytest-asyncio, in either of its modes.
"""

from ymera_service.sdk.testing.contracts.benchmarks import BenchmarkContract
from ymera_service.sdk.testing.contracts.classifiers import ClassifierContract
from ymera_service.sdk.testing.contracts.features import Declaration, FeaturesContract
from ymera_service.sdk.testing.contracts.providers import HttpProviderContract, ProviderContract
from ymera_service.sdk.testing.contracts.work import (
    CountTokensContract,
    EmbedContract,
    ModerateContract,
    RerankContract,
)

__all__ = [
    "BenchmarkContract",
    "ClassifierContract",
    "CountTokensContract",
    "Declaration",
    "EmbedContract",
    "FeaturesContract",
    "HttpProviderContract",
    "ModerateContract",
    "ProviderContract",
    "RerankContract",
]
