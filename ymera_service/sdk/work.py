"""What models do besides generating: requests for one call of a provider, and what comes back.

A provider that offers such work overrides the method of `Provider` for it, and lists the models that do it with their
`kind`. Each reply says what the call consumed, as far as the provider does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ymera_service.sdk.generation import Adaptation, Prompt, Usage


class EmbedPurpose(StrEnum):
    """What vectors are for. Some models embed a question differently from the text that answers it."""

    DOCUMENT = "document"
    """To be found by a query."""
    QUERY = "query"
    """To find documents."""
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    SIMILARITY = "similarity"
    """To be compared with each other."""


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Texts to be turned into vectors, as many as `ModelInfo.max_batch_inputs` at most.

    Attributes:
        model: The provider's name of the model.
        inputs: The texts.
        dimensions: The length of the vectors; None for the model's own.
        purpose: What the vectors are for; None if the caller does not say.
    """

    model: str
    inputs: tuple[str, ...]
    dimensions: int | None = None
    purpose: EmbedPurpose | None = None


@dataclass(frozen=True, slots=True)
class CountRequest:
    """A prompt whose tokens are to be counted: messages, tools and everything else that a model reads."""

    model: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class ModerateRequest:
    """Texts to be judged, as many as `ModelInfo.max_batch_inputs` at most."""

    model: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """Documents to be ordered by how well they answer a query. `top` is how many to return; None means all."""

    model: str
    query: str
    documents: tuple[str, ...]
    top: int | None = None


WorkRequest = EmbedRequest | CountRequest | ModerateRequest | RerankRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What every kind of work replies.

    Attributes:
        usage: What the call consumed; None if the provider does not say.
        cost_micros: What the provider says that it charges for the call, in micro-USD; None if it does not say.
        model: The exact model, as the provider names it; empty if it does not say.
        response_id: The provider's own id of its response; empty if it sent none.
        adaptations: What of the request was not sent as the caller gave it.
    """

    usage: Usage | None = None
    cost_micros: int | None = None
    model: str = ""
    response_id: str = ""
    adaptations: tuple[Adaptation, ...] = ()


@dataclass(frozen=True, slots=True)
class Embeddings(Reply):
    """A vector for each input, in the order of the inputs; all of the same length."""

    vectors: tuple[Sequence[float], ...]


@dataclass(frozen=True, slots=True)
class TokenCount(Reply):
    """The input tokens of a prompt, as the provider would charge for them. The count itself is free."""

    input_tokens: int


class Harm(StrEnum):
    """What a text may do harm by: what vendors' categories have in common."""

    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    MINORS = "minors"
    """Sexual content that involves children."""
    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    ILLICIT = "illicit"
    """Help with what is dangerous or a crime."""
    PRIVACY = "privacy"
    """Data of persons."""
    ADVICE = "advice"
    """What takes a professional: on health, money or the law."""
    JAILBREAK = "jailbreak"
    """An attempt to make a model break its rules."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a model says of one category.

    Attributes:
        harm: The category that the model's own belongs to.
        name: The model's own name of it, such as "hate/threatening".
        flagged: The text is harmful in this way.
        score: How certain the model is, from 0 to 1; None if it does not say. Scores of different models can't be
            compared.
    """

    harm: Harm
    name: str
    flagged: bool
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text is harmful at all, and in which ways."""

    flagged: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Moderations(Reply):
    """A verdict on each input, in the order of the inputs."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document, by its place in the request from 0, and how well it answers the query.

    Scores have a different scale at each model; only their order is comparable.
    """

    index: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking(Reply):
    """The documents that answer a query best, as many as were asked for; the server sorts them by score."""

    results: tuple[Ranked, ...]
