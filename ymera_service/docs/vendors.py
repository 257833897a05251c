"""Writes the page `vendors.md` from what the plugins declare: `uv run poe vendors`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ymera_anthropic.features import FORMATS as ANTHROPIC
from ymera_anthropic.provider import AnthropicProvider
from ymera_bedrock.features import FORMATS as BEDROCK
from ymera_bedrock.provider import BedrockProvider
from ymera_cohere.features import FORMATS as COHERE
from ymera_cohere.provider import CohereProvider
from ymera_embedders.vendors import VENDORS as EMBEDDERS
from ymera_gemini.features import FORMATS as GEMINI
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.vertex import VertexProvider
from ymera_ollama.features import FORMATS as OLLAMA
from ymera_ollama.provider import OllamaProvider
from ymera_openai.features import COMPLETIONS, of_chat, of_responses
from ymera_openai.vendors import VENDORS, Vendor

from ymera_service.sdk.features import Feature, Features, Support
from ymera_service.sdk.models import Kind
from ymera_service.sdk.providers import Provider

PAGE = Path(__file__).with_suffix(".md")

_OPENAI = VENDORS["openai"].quirks
FORMATS: Mapping[str, Features] = {
    **ANTHROPIC,
    **BEDROCK,
    **COHERE,
    **GEMINI,
    **OLLAMA,
    "openai": of_chat(_OPENAI),
    "openai, Responses": of_responses(_OPENAI),
    "openai, completions": COMPLETIONS,
}
COMPATIBLE: Mapping[str, Features] = {
    name: of_chat(vendor.quirks) for name, vendor in VENDORS.items() if not vendor.quirks.openai_families
}
PROVIDERS: Mapping[str, type[Provider]] = {
    "anthropic": AnthropicProvider,
    "bedrock": BedrockProvider,
    "cohere": CohereProvider,
    "gemini": GeminiProvider,
    "vertexai": VertexProvider,
    "ollama": OllamaProvider,
}
_CELLS: Mapping[Support, str] = {Support.SENT: "✓", Support.IGNORED: "–"}
_YES, _NO = "✓", ""
_KINDS = (Kind.EMBED, Kind.RERANK, Kind.MODERATE)

_HEAD = """# Vendors

What becomes of each thing that a prompt can ask for. This page is generated from what the plugins declare (`uv run poe
vendors`); the tests send every feature to every format and compare what is sent, warned of and refused with it.

| | |
|---|---|
| ✓ | sent as it was asked for |
| mapped | expressed in another way, with a warning among the answer's `adaptations` |
| dropped | left out, with a warning |
| by model | sent to the models that accept it, otherwise mapped or dropped with a warning |
| – | a hint that the format has no field for; left out without a warning |
| refused | the request fails at this vendor, and another model is tried |

With `strict` set, a request for what would be mapped or dropped fails instead. Numbers beyond what a model accepts are
reduced, with a warning. Which models a request is sent to at all is decided before, by what each of them can do: see
`ymera models NAME`.

## Formats
"""
_COMPATIBLE = """
## Vendors with OpenAI's chat completions

What is not in this table becomes what it does in the column `openai` above, where "by model" means OpenAI's own models:
those of other vendors get it as asked. Azure is called as OpenAI is. Another server with this form needs a table in the
configuration: see [Plugins](plugins.md).
"""
_WORK = """
## Other work

Each mark is for a call that the plugin makes, with the models that the vendor lists for it.

| vendor | `Embed` | `Rerank` | `Moderate` | `CountTokens` |
|---|:-:|:-:|:-:|:-:|
"""
_DETAILS = """
Where a vendor does not count the tokens of a prompt, the server estimates them.

## Why
"""


def page() -> str:
    """Returns the page."""
    parts = (
        f"{_HEAD}\n{_table(FORMATS)}",
        f"{_COMPATIBLE}\n{_by_vendor()}",
        f"{_WORK}{''.join(_work())}",
        f"{_DETAILS}\n{''.join(_details())}",
    )
    return "".join(parts).rstrip() + "\n"


def _table(columns: Mapping[str, Features]) -> str:
    rows = (_row(feature.value, [_cell(column, feature) for column in columns.values()]) for feature in Feature)
    return f"{_row('', columns)}{_row('---', [':-:'] * len(columns))}{''.join(rows)}"


def _by_vendor() -> str:
    """Returns the features in which vendors differ from each other or from OpenAI; a row for vendors that are alike."""
    differing = [
        one for one in Feature if _cell_of_all(one) not in (_CELLS[Support.SENT], _cell(FORMATS["openai"], one))
    ]
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, features in COMPATIBLE.items():
        alike.setdefault(tuple(_cell(features, one) for one in differing), []).append(name)
    rows = (_row(", ".join(names), cells) for cells, names in alike.items())
    return f"{_row('vendors', differing)}{_row('---', [':-:'] * len(differing))}{''.join(rows)}"


def _cell_of_all(feature: Feature) -> str:
    """Returns what the vendors have in common; empty if they differ."""
    [cell, *others] = {_cell(features, feature) for features in COMPATIBLE.values()}
    return "" if others else cell


def _work() -> Iterator[str]:
    for name, provider in PROVIDERS.items():
        overrides = (
            provider.embed is not Provider.embed,
            provider.rerank is not Provider.rerank,
            provider.moderate is not Provider.moderate,
            provider.count_tokens is not Provider.count_tokens,
        )
        yield _row(name, [_YES if each else _NO for each in overrides])
    for name, embedder in EMBEDDERS.items():
        kinds = {model.kind for model in embedder.models.values()}
        yield _row(name, [_YES if kind in kinds else _NO for kind in (*_KINDS, None)])
    for name, vendor in VENDORS.items():
        yield _row(name, [_YES if each else _NO for each in _offered(vendor)])


def _offered(vendor: Vendor) -> Sequence[bool]:
    return (*(kind in vendor.works for kind in _KINDS), vendor.counts)


def _details() -> Iterator[str]:
    for name, features in FORMATS.items():
        reasons: dict[str, list[str]] = {}
        for feature, treatment in features.items():
            if treatment.detail:
                reasons.setdefault(treatment.detail, []).append(feature.value)
        yield f"**{name}**\n\n"
        yield from (f"- {', '.join(asked)}: {reason}.\n" for reason, asked in reasons.items())
        yield "\n"


def _cell(features: Features, feature: Feature) -> str:
    support = features[feature].support
    return _CELLS.get(support, support.value)


def _row(first: str, cells: Iterator[str] | Sequence[str] | Mapping[str, object]) -> str:
    return f"| {' | '.join((first, *cells))} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
