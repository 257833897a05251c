"""What is compared: fixed choices, online nearest neighbours, and the routing of the server itself."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from statistics import fmean
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from ratings import rating
from ymera_lexical.classifier import LexicalClassifier

from routing.tables import Outcome, Prompt, Table, means
from ymera_service.catalog import Catalog
from ymera_service.config import CatalogSettings, RoutingSettings
from ymera_service.routing.decision import Decision, Preferences, Weights
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.estimate import needs_of
from ymera_service.routing.prompts.features import Features, features_of, to_json
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.generation import Prompt as Asked
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.providers import Provider
from ymera_service.storage.benchmark_tasks import MeasuredTasks
from ymera_service.storage.records import BenchmarkSummary


class Fixed:
    """Always the same model."""

    def __init__(self, model: str) -> None:
        self._model = model

    def warm(self, prompts: Sequence[Prompt]) -> None:
        """Needs no evidence."""

    def choose(self, prompt: Prompt) -> str:
        """Returns the model."""
        return self._model

    def learn(self, prompt: Prompt, model: str, outcome: Outcome) -> None:
        """Needs no evidence."""


def best(table: Table, setting: float, seed: int) -> Fixed:
    """Returns the model that proves to be the best one on the whole table."""
    outcomes = means(table.prompts)
    return Fixed(max(outcomes, key=lambda model: outcomes[model].quality))


def cheapest(table: Table, setting: float, seed: int) -> Fixed:
    """Returns the model that proves to be the cheapest one on the whole table."""
    outcomes = means(table.prompts)
    return Fixed(min(outcomes, key=lambda model: outcomes[model].cost))


NEIGHBOURS = 20
BUCKETS = 512
USUAL = 0.5
"""The quality taken for a model that was never tried, and worth one neighbour."""

_WORD = re.compile(r"\w+")


@lru_cache(maxsize=20_000)
def vector(text: str) -> NDArray[np.float32]:
    """Returns the words of a text, counted by the logarithm and hashed into a vector of length 1."""
    counts = np.zeros(BUCKETS, np.float32)
    for word in _WORD.findall(text.lower()):
        counts[crc32(word.encode()) % BUCKETS] += 1
    weighted: NDArray[np.float32] = np.log1p(counts)
    return weighted / max(float(np.linalg.norm(weighted)), 1e-9)


class Neighbours:
    """Takes the model whose answers to the most similar prompts were the best, against its list price.

    Of its choices, fewer and fewer are drawn by chance.
    """

    def __init__(self, table: Table, setting: float, seed: int) -> None:
        self._setting = setting
        self._heard = 0
        self._draw = Random(seed)
        self._seen: dict[str, tuple[list[NDArray[np.float32]], list[float]]] = {
            model: ([], []) for model in sorted(table.prices)
        }
        dearest = max(map(sum, table.prices.values()))
        self._prices = {model: sum(price) / dearest for model, price in table.prices.items()}

    def warm(self, prompts: Sequence[Prompt]) -> None:
        """See `Policy`."""
        for prompt in prompts:
            for model, outcome in prompt.outcomes.items():
                self.learn(prompt, model, outcome)

    def choose(self, prompt: Prompt) -> str:
        """See `Policy`."""
        if self._draw.random() * (len(self._seen) + self._heard) < len(self._seen):
            return self._draw.choice([*self._seen])
        asked = vector(prompt.text)
        return max(self._seen, key=lambda model: self._worth(model, asked))

    def learn(self, prompt: Prompt, model: str, outcome: Outcome) -> None:
        """See `Policy`."""
        self._heard += 1
        vectors, qualities = self._seen[model]
        vectors.append(vector(prompt.text))
        qualities.append(outcome.quality)

    def _worth(self, model: str, asked: NDArray[np.float32]) -> float:
        return self._setting * self._expected(model, asked) - (1 - self._setting) * self._prices[model]

    def _expected(self, model: str, asked: NDArray[np.float32]) -> float:
        vectors, qualities = self._seen[model]
        if not qualities:
            return 1.0  # tried once before it is judged
        nearest = np.argsort(-(np.array(vectors) @ asked), kind="stable")[:NEIGHBOURS].tolist()
        total: float = sum(qualities[each] for each in nearest)
        return (USUAL + total) / (1 + len(nearest))


class _Listed(Provider):
    """Offers a table's models; they are never called."""

    name = "table"

    def __init__(self, prices: Mapping[str, tuple[float, float]]) -> None:
        self._infos = [ModelInfo(name, price=_price(*usd)) for name, usd in prices.items()]

    async def models(self) -> Sequence[ModelInfo]:
        return self._infos

    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise NotImplementedError


def _price(asked: float, answered: float) -> Price:
    return Price(round(asked * 1_000_000), round(answered * 1_000_000))


class _Classifier(Classifier):
    """The server's classifier, which reads each prompt once."""

    name = "lexical"

    def __init__(self) -> None:
        self.read = lru_cache(maxsize=20_000)(LexicalClassifier().read)  # type: ignore[method-assign]

    def read(self, prompt: Asked) -> Reading:
        """Replaced by the constructor."""
        raise NotImplementedError


_CLASSIFIER = _Classifier()
_CLASSIFIERS = {_CLASSIFIER.name: _CLASSIFIER}


@lru_cache(maxsize=20_000)
def features_json(text: str) -> bytes:
    """Returns the features of a prompt as the server keeps those of benchmark tasks."""
    prompt = asked(text)
    return to_json(features_of(prompt, Readers(lambda: _CLASSIFIERS).read_now(prompt), needs_of(prompt)))


@lru_cache(maxsize=20_000)
def asked(text: str) -> Asked:
    """Returns a prompt as the server takes it."""
    return Asked((user(text),))


class Ymera:
    """The server's router over the table's models; without a prior, it knows nothing of them but their prices."""

    def __init__(self, table: Table, setting: float, seed: int, prior: QualityPrior | None = None) -> None:
        self._catalog = Catalog({"table": _Listed(table.prices)}, CatalogSettings())
        asyncio.run(self._catalog.refresh())
        self._evidence = Evidence(lambda: NOW)
        self._heard = 0
        self._features: Features | None = None
        self._decision: Decision | None = None
        self._router = self._made(RoutingSettings(), prior)
        self._sure = self._made(RoutingSettings(exploration=0), prior)
        self._preferences = Preferences(weights=Weights.between(setting))
        self._draw = Random(seed)

    def warm(self, prompts: Sequence[Prompt]) -> None:
        """Takes the outcomes as a benchmark's results, in the class that each prompt most likely belongs to."""
        results: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        by_model: defaultdict[str, list[float]] = defaultdict(list)
        for prompt in prompts:
            category = likeliest(prompt)
            for model, outcome in prompt.outcomes.items():
                results[f"table/{model}", category].append(outcome.quality)
                by_model[f"table/{model}"].append(outcome.quality)
        summaries = [
            BenchmarkSummary(model, category, len(scores), fmean(scores), 0.0)
            for (model, category), scores in results.items()
        ]
        features = {number: features_json(prompt.text) for number, prompt in enumerate(prompts)}
        scores = {model: (range(len(prompts)), each) for model, each in by_model.items()}
        self._evidence.load(summaries, (), MeasuredTasks(features, scores))

    def _made(self, settings: RoutingSettings, prior: QualityPrior | None) -> Router:
        return Router(
            catalog=self._catalog,
            evidence=self._evidence,
            sessions=Sessions(1),
            open_domains=dict,
            readers=Readers(lambda: _CLASSIFIERS),
            settings=settings,
            categories=set,
            prior=lambda: prior,
        )

    def would_choose(self, prompt: Prompt, setting: float) -> str:
        """Returns the model that answers by what is known now, where nothing is explored."""
        weights = Preferences(weights=Weights.between(setting))
        return self._sure.route(asked(prompt.text), weights, seed=0).ranking[0].model.partition("/")[2]

    def choose(self, prompt: Prompt) -> str:
        """See `Policy`."""
        seed = self._draw.getrandbits(63)
        selection = self._router.route(asked(prompt.text), self._preferences, seed=seed)
        self._features, self._decision = selection.features, selection.decision
        return selection.ranking[0].model.partition("/")[2]

    def learn(self, prompt: Prompt, model: str, outcome: Outcome) -> None:
        """Takes the answer's length, and its quality as feedback in the prompt's likeliest class."""
        self._heard += 1
        self._evidence.answered()
        if (decision := self._decision) is not None:
            self._evidence.lengths.observe(
                decision.category,
                input_tokens=decision.inputs.input_tokens,
                expected=decision.inputs.output_tokens,
                output_tokens=outcome.tokens,
            )
        rated = rating(str(self._heard), NOW, f"table/{model}", likeliest(prompt), outcome.quality)
        self._evidence.learn([rated], {} if self._features is None else {rated.request_id: self._features})


NOW = datetime(2026, 11, 29, tzinfo=UTC)


def likeliest(prompt: Prompt) -> str:
    """Returns the class that a prompt most likely belongs to."""
    probabilities = _CLASSIFIER.read(asked(prompt.text)).categories
    return max(probabilities, key=lambda name: probabilities[name])
