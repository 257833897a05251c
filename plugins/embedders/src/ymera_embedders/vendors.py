"""The vendors, one row each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ymera_service.sdk.models import Kind
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.work import EmbedPurpose


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a vendor documents.

    Attributes:
        kind: What it is for.
        context_window: Tokens of one text, or of query and document together; 0 if not known.
        batch: Texts, and tokens together, that one call takes; 0 if not known.
    """

    kind: Kind = Kind.EMBED
    context_window: int = 0
    batch: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor, with the names of members in which its API differs from OpenAI's.

    Attributes:
        name: The provider's name in model ids.
        base_url: The address of its API.
        key_variable: The environment variable that holds a key.
        models: What it documents; its API has no list.
        purpose: The member that says what vectors are for.
        purposes: Its words for the purposes that it has.
        dimensions: The member for the length of vectors.
        top: The member for how many documents to return.
        embedding: Members of every request for vectors.
        reranking: Members of every request for a ranking.
        price_vendor: The vendor whose price list applies, as named by `genai-prices`.
    """

    name: str
    base_url: str
    key_variable: str
    models: Mapping[str, Model]
    purpose: str
    purposes: Mapping[EmbedPurpose, str]
    dimensions: str
    top: str
    embedding: Json = field(default_factory=dict)
    reranking: Json = field(default_factory=dict)
    price_vendor: str = ""


_TEXTS = 1_000
_RERANKS = Model(Kind.RERANK, 32_000)

VOYAGE = Vendor(
    "voyage",
    "https://api.voyageai.com/v1",
    "VOYAGE_API_KEY",
    {
        "voyage-4-large": Model(Kind.EMBED, 32_000, (_TEXTS, 120_000)),
        "voyage-4": Model(Kind.EMBED, 32_000, (_TEXTS, 320_000)),
        "voyage-4-lite": Model(Kind.EMBED, 32_000, (_TEXTS, 1_000_000)),
        "voyage-3-large": Model(Kind.EMBED, 32_000, (_TEXTS, 120_000)),
        "voyage-3.5": Model(Kind.EMBED, 32_000, (_TEXTS, 320_000)),
        "voyage-3.5-lite": Model(Kind.EMBED, 32_000, (_TEXTS, 1_000_000)),
        "voyage-code-3": Model(Kind.EMBED, 32_000, (_TEXTS, 120_000)),
        "voyage-finance-2": Model(Kind.EMBED, 32_000, (_TEXTS, 120_000)),
        "voyage-law-2": Model(Kind.EMBED, 16_000, (_TEXTS, 120_000)),
        "rerank-2.5": _RERANKS,
        "rerank-2.5-lite": _RERANKS,
    },
    purpose="input_type",
    purposes={EmbedPurpose.QUERY: "query", EmbedPurpose.DOCUMENT: "document"},
    dimensions="output_dimension",
    top="top_k",
    embedding={"truncation": False, "encoding_format": "base64"},
    reranking={"truncation": False},
    price_vendor="voyageai",
)
"""https://docs.voyageai.com/reference/embeddings-api and …/reranker-api, November 2026.

A text that is too long is refused rather than cut: the caller would not know which part of it was read.
"""
JINA = Vendor(
    "jina",
    "https://api.jina.ai/v1",
    "JINA_API_KEY",
    {
        "jina-embeddings-v4": Model(Kind.EMBED, 32_768),
        "jina-embeddings-v3": Model(Kind.EMBED, 8_192),
        "jina-reranker-v3": Model(Kind.RERANK),
        "jina-reranker-v2-base-multilingual": Model(Kind.RERANK),
    },
    purpose="task",
    purposes={
        EmbedPurpose.QUERY: "retrieval.query",
        EmbedPurpose.DOCUMENT: "retrieval.passage",
        EmbedPurpose.CLASSIFICATION: "classification",
        EmbedPurpose.CLUSTERING: "separation",
        EmbedPurpose.SIMILARITY: "text-matching",
    },
    dimensions="dimensions",
    top="top_n",
    embedding={"embedding_type": "base64"},
    reranking={"return_documents": False},
)
"""https://jina.ai/embeddings and https://jina.ai/reranker, November 2026."""

VENDORS: Mapping[str, Vendor] = {vendor.name: vendor for vendor in (VOYAGE, JINA)}
"""By name, in the order in which they are offered."""
