"""Reads listings of models (`GET /models`), including vendors' additional fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from ymera_openai import errors, profiles
from ymera_openai.moderations import MOST_INPUTS
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.models import ASSUMABLE, UNKNOWN_LIMITS, Capability, Kind, ModelInfo, Price, RequestLimits, Tier
from ymera_service.sdk.wire.json_reader import Json, as_object, count, first, member, members, read_json, required, text

_NAMES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"gpt-(4o-(mini-)?)?audio"), Kind.GENERATE),  # they listen, and answer chat completions in text, too
    (re.compile(r"rerank"), Kind.RERANK),
    (re.compile(r"embed|^(bge|e5|gte)-"), Kind.EMBED),
    (re.compile(r"moderation|prompt-guard|llama-guard|safeguard"), Kind.MODERATE),
    (
        re.compile(
            r"whisper|dall-e|realtime|transcri|diariz|stable-diffusion|^(davinci|babbage)-"
            r"|(^|[-_/ ])(tts|audio|image|sora|ocr|asr|speech|imagen|veo|flux|lyria|orpheus)([-_. ]|$)"
        ),
        Kind.OTHER,
    ),
)
"""The kind of a model by its name; models of any other name answer prompts."""
_TYPES = {
    "embedding": Kind.EMBED,
    "embeddings": Kind.EMBED,
    "rerank": Kind.RERANK,
    "reranker": Kind.RERANK,
    "moderation": Kind.MODERATE,
}
"""Values of `type` for models that do not write text."""
_KINDS = frozenset({"chat", "language", "code", "text", "llm", "vlm", "model", "base", "completion", "chat-completion"})
"""Values of `type` for models that write text."""

_FLAGS = {
    "function_calling": Capability.TOOLS,
    "supportsFunctionCalling": Capability.TOOLS,
    "supports_tools": Capability.TOOLS,
    "tool_use": Capability.TOOLS,
    "tool-calling": Capability.TOOLS,
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
"""Vendors' names of the capabilities, as a boolean or in a list."""

_MODALITIES = {
    "image": Capability.IMAGE_INPUT,
    "audio": Capability.AUDIO_INPUT,
    "video": Capability.VIDEO_INPUT,
}

HOSTED = frozenset({Capability.WEB_SEARCH, Capability.CODE_EXECUTION})
EMBEDS = frozenset({Kind.EMBED})
RERANKS = EMBEDS | {Kind.RERANK}


_TIERS = {
    "low": RequestLimits(per_minute=15, per_day=150),
    "high": RequestLimits(per_minute=10, per_day=50),
    "embeddings": RequestLimits(per_minute=15, per_day=150),
}
"""GitHub's, for accounts without a subscription:
https://docs.github.com/en/github-models/use-github-models/prototyping-with-ai-models#rate-limits, November 2026."""
_LAST_DAYS = ("deprecation", "expiration_date", "deprecation_date", "deprecationDate")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What applies to all models of one provider."""

    price_vendor: str = ""
    lacks: frozenset[Capability] = frozenset()
    has: frozenset[Capability] = frozenset()
    partial: frozenset[Capability] = frozenset()
    """What they have only in part, such as JSON mode without schemas: they rank behind those that have the whole."""
    price: Price | None = None
    local: bool = False
    batch: tuple[int, int] = (0, 0)
    """Texts, and tokens together, that one request for embeddings takes; 0 if not known."""
    hosted: bool = False
    """Whether they can use tools that the vendor runs itself, such as searches; which of them depends on the model."""
    works: frozenset[Kind] = RERANKS
    """What its API offers besides generating; a model for other work is of no use there."""
    free: frozenset[Kind] = frozenset()
    """What it charges nothing for."""
    free_limits: RequestLimits = UNKNOWN_LIMITS
    """How many requests it takes for models that cost nothing."""

    def named(self, name: str) -> ModelInfo:
        """Returns a model of which only the name is known. As the user names it, it is of some use here."""
        model = self.described({"id": name})
        return model if model.kind in self.works else replace(model, kind=Kind.GENERATE)

    def described(self, entry: Json) -> ModelInfo:
        """Returns the model of a listing's entry; what the entry does not state comes from the model's family."""
        profile, kind = profiles.profile_of(text(entry, "id")), kind_of(entry)
        if kind is not Kind.GENERATE and kind not in self.works:
            kind = Kind.OTHER
        api = {**dict(_stated_capabilities(entry)), **self._always()}
        abilities = {**profile.abilities, **api}
        window, longest = _context(entry), _longest_answer(entry)
        limits = {"context_window": window, "max_output_tokens": longest}
        price = self.price or (Price(0, 0) if kind in self.free else _price(entry))
        retires = _last_day(entry)
        return ModelInfo(
            name=text(entry, "id"),
            kind=kind,
            capabilities=frozenset(name for name, can in abilities.items() if can),
            unknown=frozenset(name for name in Capability if abilities.get(name) is None),
            context_window=window or profile.context_window,
            max_output_tokens=longest or profile.max_output_tokens,
            price=price,
            deprecated=_is_deprecated(entry, retires),
            retires=retires,
            limits=_TIERS.get(text(entry, "rate_limit_tier")) or self._limits(price),
            assumed=ASSUMABLE - api.keys() - {name for name, stated in limits.items() if stated},
            price_vendor=self.price_vendor,
            local=self.local,
            max_batch_inputs={Kind.EMBED: self.batch[0], Kind.MODERATE: MOST_INPUTS}.get(kind, 0),
            max_batch_tokens=self.batch[1] if kind is Kind.EMBED else 0,
        )

    def _always(self) -> dict[Capability, bool | None]:
        """Returns the capabilities that do not depend on what a listing states."""
        abilities: dict[Capability, bool | None] = dict.fromkeys(self.has, True)
        if not self.hosted:
            abilities |= {capability: capability in self.has for capability in HOSTED}
        return {**abilities, **dict.fromkeys(self.partial), **dict.fromkeys(self.lacks, False)}

    def _limits(self, price: Price | None) -> RequestLimits:
        return self.free_limits if price is not None and price.is_free and not self.local else UNKNOWN_LIMITS


def decode_models(response: HttpResponse) -> list[Json]:
    """Returns the entries of a listing; each has an `id`.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_json(response.body)
    if isinstance(document, list):  # Together, GitHub
        document = {"data": document}
    elif isinstance(document, dict) and isinstance(document.get("result"), list):
        document = {"data": [_of_cloudflare(entry) for entry in members(document, "result")]}
    elif failure := errors.in_body(document):
        raise failure
    required(as_object(document), "data", list)
    return [entry for entry in members(document, "data") if text(entry, "id")]


def _of_cloudflare(entry: Json) -> Json:
    """Returns an entry of Cloudflare's search of models in the form of the other vendors' listings."""
    stated = {text(each, "property_id"): text(each, "value") for each in members(entry, "properties")}
    task = text(member(entry, "task"), "name")
    kinds = {"Text Generation": "chat", "Text Embeddings": "embedding"}
    flags: Json = {
        name: stated[name] == "true" for name in ("function_calling", "vision", "reasoning") if name in stated
    }
    context = stated.get("context_window", "")
    return {
        "id": text(entry, "name"),
        "type": kinds.get(task, task or "chat"),
        "context_window": int(context) if context.isdecimal() else 0,
        **flags,
    }


def kind_of(entry: Json) -> Kind:
    """Returns the kind of a listed model."""
    by_name = next((kind for name, kind in _NAMES if name.search(text(entry, "id").lower())), None)
    if by_name is not None:
        return by_name
    stated = text(entry, "type").lower()
    if stated and stated not in _KINDS:
        return _TYPES.get(stated, Kind.OTHER)
    outputs = _first_of(entry, "output_modalities", "supported_output_modalities")
    if isinstance(outputs, list) and "text" not in outputs:
        return Kind.EMBED if "embeddings" in outputs else Kind.OTHER
    switches = (member(entry, "capabilities").get("completion_chat"), entry.get("supports_chat"), entry.get("active"))
    return Kind.OTHER if False in switches else Kind.GENERATE


def _stated_capabilities(entry: Json) -> Iterator[tuple[Capability, bool | None]]:
    """Yields the capabilities that an entry states, from the least to the most specific field: later ones win.

    A list of inputs without files, or of parameters without schemas, leaves it open whether a model has them: gateways
    read documents for any model, and JSON mode is not a schema.
    """
    inputs = _first_of(entry, "input_modalities", "supported_input_modalities")
    if isinstance(inputs, list):
        yield from ((capability, name in inputs) for name, capability in _MODALITIES.items())
        yield Capability.FILE_INPUT, "file" in inputs or None
    for name in ("supported_parameters", "supported_features", "capabilities"):
        words = entry.get(name)
        if isinstance(words, list):
            yield from ((_FLAGS[word], word in words) for word in ("tools", "reasoning"))
            if "logprobs" in words:
                yield Capability.LOGPROBS, True
            if name != "capabilities":
                yield Capability.STRUCTURED_OUTPUT, "structured_outputs" in words or None
            yield from ((_FLAGS[word], True) for word in words if isinstance(word, str) and word in _FLAGS)
    specification = member(member(entry, "model_spec"), "capabilities")
    for switches in (entry, member(entry, "capabilities"), specification, *members(entry, "providers")):
        yield from ((_FLAGS[name], can) for name, can in switches.items() if name in _FLAGS and isinstance(can, bool))


def _first_of(entry: Json, name: str, other: str) -> object:
    return entry.get(name) or member(entry, "architecture").get(name) or entry.get(other)


def _context(entry: Json) -> int:
    return first(
        count(entry, "context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens"),
        count(member(entry, "meta"), "n_ctx", "n_ctx_train"),
        count(member(entry, "limits"), "max_input_tokens"),
        count(member(entry, "model_spec"), "availableContextTokens"),
        max((count(host, "context_length") or 0 for host in members(entry, "providers")), default=0),
    )


def _longest_answer(entry: Json) -> int:
    return first(
        count(entry, "max_completion_tokens", "max_output_tokens", "max_output_length"),
        count(member(entry, "limits"), "max_output_tokens"),
        count(member(entry, "top_provider"), "max_completion_tokens"),
        count(member(entry, "model_spec"), "maxCompletionTokens"),
    )


def _last_day(entry: Json) -> str:
    """Returns the day on which a model ends, as Mistral and OpenRouter state it; empty if none is stated."""
    found = next((day for name in _LAST_DAYS if (day := _DAY.match(text(entry, name)))), None)
    return found[0] if found else ""


def _is_deprecated(entry: Json, retires: str) -> bool | None:
    flags = [entry[name] for name in ("deprecated", "is_deprecated") if isinstance(entry.get(name), bool)]
    if flags or retires:
        return bool(retires) or True in flags
    return False if any(name in entry for name in _LAST_DAYS) else None


def _price(entry: Json) -> Price | None:
    """Reads a price: `prompt` and `completion` are USD per token, `input` and `output` USD per million tokens."""
    pricing = member(entry, "pricing") or member(member(entry, "model_spec"), "pricing")
    rates, fee = _rates(pricing), _micros(pricing.get("request") or 0, 10**6)
    if rates is None or fee is None:
        return None
    return Price(*rates, per_request=fee, tiers=tuple(_tiers(pricing)))


def _rates(pricing: Json) -> tuple[int, int, int | None, int | None] | None:
    if "prompt" in pricing:
        names, unit = ("prompt", "completion", "input_cache_read"), 10**12
    else:
        names, unit = ("input", "output", "cached_input"), 10**6
    input_rate, output_rate, read = (_micros(pricing.get(name), unit) for name in names)
    written = _micros(pricing.get("input_cache_write"), unit)
    return None if input_rate is None or output_rate is None else (input_rate, output_rate, read, written)


def _tiers(pricing: Json) -> Iterator[Tier]:
    """Yields the rates of long prompts, as OpenRouter lists them: an override names only the rates that it changes.

    Overrides for certain hours of the day are ignored.
    """
    always = [each for each in members(pricing, "overrides") if not {"utc_start", "utc_end"} & each.keys()]
    by_threshold = {count(override, "min_prompt_tokens"): override for override in always}
    for threshold in sorted(key for key in by_threshold if key is not None):
        pricing = pricing | by_threshold[threshold]
        rates = _rates(pricing)
        if rates is not None:
            yield Tier(*rates, above_input_tokens=threshold)


def _micros(value: object, unit: int) -> int | None:
    """Returns a price in micro-USD, or None if it is not valid; OpenRouter uses a negative one for "it varies"."""
    if isinstance(value, dict):  # Venice's {"usd": …}
        value = value.get("usd")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        price = Decimal(str(value))
        return round(price * unit) if 0 <= price < 1_000_000 else None
    except (InvalidOperation, ValueError):
        return None
