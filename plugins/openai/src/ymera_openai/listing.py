"""Listings of models: `GET /models`, and what vendors tell there beyond the names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ymera_openai import errors, profiles
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.wire.json_reader import Json, as_object, count, first, member, members, read_json, required, text

_NO_GENERATION = re.compile(
    r"embed|whisper|dall-e|moderation|realtime|transcri|rerank|diariz|stable-diffusion"
    r"|prompt-guard|llama-guard|safeguard|^(bge|e5|gte|davinci|babbage)-"
    r"|(^|[-_/ ])(tts|audio|image|sora|ocr|asr|speech|imagen|veo|flux|lyria|orpheus)([-_. ]|$)"
)
_KINDS = frozenset({"chat", "language", "code", "text", "llm", "vlm", "model", "base", "completion", "chat-completion"})
"""The kinds of model that write text, as `type` names them."""

_FLAGS = {
    "function_calling": Capability.TOOLS,
    "supportsFunctionCalling": Capability.TOOLS,
    "supports_tools": Capability.TOOLS,
    "tool_use": Capability.TOOLS,
    "tools": Capability.TOOLS,
    "structured_outputs": Capability.STRUCTURED_OUTPUT,
    "supportsResponseSchema": Capability.STRUCTURED_OUTPUT,
    "supports_structured_output": Capability.STRUCTURED_OUTPUT,
    "vision": Capability.IMAGE_INPUT,
    "supportsVision": Capability.IMAGE_INPUT,
    "supports_image_input": Capability.IMAGE_INPUT,
    "supports_image_in": Capability.IMAGE_INPUT,
    "multimodal": Capability.IMAGE_INPUT,
    "audio": Capability.AUDIO_INPUT,
    "supportsAudioInput": Capability.AUDIO_INPUT,
    "reasoning": Capability.REASONING,
    "supportsReasoning": Capability.REASONING,
    "supports_reasoning": Capability.REASONING,
    "thinking": Capability.REASONING,
}
"""What vendors call the capabilities, as a switch or in a list."""

_MODALITIES = {
    "image": Capability.IMAGE_INPUT,
    "audio": Capability.AUDIO_INPUT,
    "file": Capability.FILE_INPUT,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What holds for all models of one provider."""

    price_vendor: str = ""
    lacks: frozenset[Capability] = frozenset()
    has: frozenset[Capability] = frozenset()
    price: Price | None = None
    local: bool = False

    def named(self, name: str) -> ModelInfo:
        """Returns a model of which only the name is told."""
        return self.described({"id": name})

    def described(self, entry: Json) -> ModelInfo:
        """Returns the model of a listing's entry; what it does not tell comes from the model's family."""
        profile = profiles.profile_of(text(entry, "id"))
        told = dict(_told(entry))
        capabilities = profile.capabilities - {name for name, can in told.items() if not can}
        capabilities |= {name for name, can in told.items() if can}
        return ModelInfo(
            name=text(entry, "id"),
            capabilities=(capabilities | self.has) - self.lacks,
            context_window=_context(entry) or profile.context_window,
            max_output_tokens=_longest_answer(entry) or profile.max_output_tokens,
            price=self.price or _price(entry),
            price_vendor=self.price_vendor,
            local=self.local,
        )


def decode_models(response: HttpResponse) -> list[Json]:
    """Returns the entries of a listing; each has an `id`.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_json(response.body)
    if isinstance(document, list):  # Together's
        document = {"data": document}
    elif failure := errors.in_body(document):
        raise failure
    required(as_object(document), "data", list)
    return [entry for entry in members(document, "data") if text(entry, "id")]


def generates(entry: Json) -> bool:
    """Tells whether a listed model answers prompts with text, as opposed to embedding, speaking or drawing."""
    outputs = entry.get("output_modalities") or member(entry, "architecture").get("output_modalities")
    if isinstance(outputs, list) and "text" not in outputs:
        return False
    kind = text(entry, "type").lower()
    if kind and kind not in _KINDS:
        return False
    switches = (member(entry, "capabilities").get("completion_chat"), entry.get("supports_chat"), entry.get("active"))
    return False not in switches and not _NO_GENERATION.search(text(entry, "id").lower())


def _told(entry: Json) -> Iterator[tuple[Capability, bool]]:
    """Yields what an entry says of capabilities, the vaguest first."""
    inputs = entry.get("input_modalities") or member(entry, "architecture").get("input_modalities")
    if isinstance(inputs, list):
        yield from ((capability, name in inputs) for name, capability in _MODALITIES.items())
    for name in ("supported_parameters", "supported_features", "capabilities"):
        words = entry.get(name)
        if isinstance(words, list):
            yield from ((_FLAGS[word], word in words) for word in ("tools", "structured_outputs", "reasoning"))
            yield from ((_FLAGS[word], True) for word in words if isinstance(word, str) and word in _FLAGS)
    specification = member(member(entry, "model_spec"), "capabilities")
    for switches in (entry, member(entry, "capabilities"), specification, *members(entry, "providers")):
        yield from ((_FLAGS[name], can) for name, can in switches.items() if name in _FLAGS and isinstance(can, bool))


def _context(entry: Json) -> int:
    return first(
        count(entry, "context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens"),
        count(member(entry, "meta"), "n_ctx", "n_ctx_train"),
        count(member(entry, "model_spec"), "availableContextTokens"),
        max((count(host, "context_length") or 0 for host in members(entry, "providers")), default=0),
    )


def _longest_answer(entry: Json) -> int:
    return first(
        count(entry, "max_completion_tokens", "max_output_tokens", "max_output_length"),
        count(member(entry, "top_provider"), "max_completion_tokens"),
        count(member(entry, "model_spec"), "maxCompletionTokens"),
    )


def _price(entry: Json) -> Price | None:
    """Reads a price: `prompt` and `completion` are USD per token, `input` and `output` USD per million tokens."""
    pricing = member(entry, "pricing") or member(member(entry, "model_spec"), "pricing")
    if "prompt" in pricing:
        names, unit = ("prompt", "completion", "input_cache_read"), 10**12
    else:
        names, unit = ("input", "output", "cached_input"), 10**6
    read, written, cached = (_micros(pricing.get(name), unit) for name in names)
    return None if read is None or written is None else Price(read, written, cached)


def _micros(value: object, unit: int) -> int | None:
    """Returns micro-USD per million tokens; a negative price, OpenRouter's word for "it depends", is none."""
    if isinstance(value, dict):  # Venice's {"usd": …}
        value = value.get("usd")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        price = Decimal(str(value))
        return round(price * unit) if 0 <= price < 1_000_000 else None
    except (InvalidOperation, ValueError):
        return None
