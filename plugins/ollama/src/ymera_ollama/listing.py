"""Lists a host's models: their names by `/api/tags`, and each model by `/api/show`."""

import re

import orjson

from ymera_ollama.profiles import MAY, UNSTATED, Profile, Thinking
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind
from ymera_service.sdk.wire.json_reader import Json, count, member, members, required, text

_JSON = {"content-type": "application/json", "accept": "application/json"}
VERSION = HttpRequest("GET", "/api/version", {"accept": "application/json"})
TAGS = HttpRequest("GET", "/api/tags", {"accept": "application/json"})

_CAPABILITIES = {"tools": Capability.TOOLS, "vision": Capability.IMAGE_INPUT, "thinking": Capability.REASONING}
_NUM_CTX = re.compile(r"^num_ctx\s+(\d{1,9})$", re.MULTILINE)
_LEVELS: tuple[Thinking, ...] = ("low", "medium", "high")
_SWITCH: tuple[Thinking, ...] = (False, True)
_GPT_OSS = re.compile(r"gpt-?oss", re.IGNORECASE)
"""The family that had levels before the description of a model stated them."""


def show(model: str) -> HttpRequest:
    """Returns the request for the description of a model."""
    return HttpRequest("POST", "/api/show", _JSON, orjson.dumps({"model": model}))


def read_tags(body: Json) -> dict[str, bool]:
    """Returns the names of the models on a host, and whether it passes calls of them on to Ollama's own.

    Raises:
        MalformedResponse: The body is not such a list.
    """
    required(body, "models", list)
    listed = {text(tag, "name") or text(tag, "model"): tag for tag in members(body, "models")}
    return {name: bool(text(tag, "remote_host")) for name, tag in listed.items() if name}


def profile_of(model: str, shown: Json, *, remote: bool = False) -> Profile:
    """Returns what the description of a model states; an empty one states nothing.

    Models whose calls are passed on are not made to follow a schema by the host.
    """
    can = _abilities(shown)
    kind = _kind(model, shown, can)
    if kind is not Kind.GENERATE:
        return Profile(kind, frozenset(), frozenset(), _context(shown), remote=remote)
    largest, loaded = _context(shown), _NUM_CTX.search(text(shown, "parameters"))
    always = frozenset({Capability.STRUCTURED_OUTPUT})
    has = frozenset(_CAPABILITIES[word] for word in can or () if word in _CAPABILITIES)
    return Profile(
        capabilities=has if remote else has | always,
        unknown=(MAY if can is None else UNSTATED) | (always if remote else frozenset()),
        context_window=min(int(loaded[1]), largest or int(loaded[1])) if loaded else largest,
        thinking=_thinking(model, shown, can),
        remote=remote,
    )


def _abilities(shown: Json) -> frozenset[str] | None:
    """Returns what a model can do, in Ollama's words; None if that is not known.

    Versions before 0.6.4 do not state it, but refuse tools to a model whose template does not mention them.
    """
    stated = shown.get("capabilities")
    if isinstance(stated, list):
        return frozenset(word for word in stated if isinstance(word, str))
    template = text(shown, "template")
    if not template:
        return None
    words = {"completion", "tools"} if ".Tools" in template else {"completion"}
    return frozenset(words | ({"vision"} if member(shown, "projector_info") else set()))


def _kind(model: str, shown: Json, can: frozenset[str] | None) -> Kind:
    family = text(member(shown, "details"), "family")
    if can is None or not isinstance(shown.get("capabilities"), list):
        return Kind.EMBED if "bert" in family or "embed" in model else Kind.GENERATE
    if "completion" in can:
        return Kind.GENERATE
    return Kind.EMBED if "embedding" in can else Kind.OTHER


def _context(shown: Json) -> int:
    details = member(shown, "model_info")
    return count(details, f"{text(details, 'general.architecture')}.context_length") or 0


def _thinking(model: str, shown: Json, can: frozenset[str] | None) -> tuple[Thinking, ...] | None:
    values = member(shown, "thinking").get("values")
    if isinstance(values, list):
        stated = tuple(value for value in values if isinstance(value, bool | str))
        return () if stated == (False,) else stated
    if not isinstance(shown.get("capabilities"), list) or can is None:
        return None
    if "thinking" not in can:
        return ()
    return _LEVELS if _GPT_OSS.search(f"{model} {text(member(shown, 'details'), 'family')}") else _SWITCH
