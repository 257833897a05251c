"""The recorded exchanges in OpenAI's and Anthropic's formats, and what each of them asks."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from ymera.v1 import content_pb2
from ymera_openai.vendors import VENDORS

from tests.e2e.recorded.members import Json, NotSayable
from tests.e2e.recorded.prompts import prompt_of
from ymera_service.api.convert import content as convert
from ymera_service.sdk.errors import InvalidRequest
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.violations import Violations

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
DIALECTS = {"chat.completions": "chat_completions", "completions": "completions", "responses": "responses"}
EXCHANGES: list[Exchange] = [
    exchange
    for path in sorted(WIRE.glob("*/*.json"))
    if (exchange := json.loads(path.read_bytes()))["endpoint"] in {*DIALECTS, "messages"}
]
ASKED = [exchange for exchange in EXCHANGES if exchange["request"] and exchange["request"]["json"]]
"""Those of which the request was recorded."""


def model_of(exchange: Exchange) -> str:
    """The model that was asked; older Azure names it in the address."""
    return str(((exchange["request"] or {}).get("json") or {}).get("model") or "m")


def kind_of(exchange: Exchange) -> dict[str, str]:
    """How an endpoint is configured: like its vendor, or with the fields for thinking that its request has."""
    if exchange["vendor"] in VENDORS:
        return {"like": exchange["vendor"]}
    body = (exchange["request"] or {}).get("json") or {}
    asked = [{"thinking": name} for name in ("enable_thinking", "thinking", "reasoning") if name in body]
    said = [
        name for message in body.get("messages") or [] for name in ("reasoning", "reasoning_content") if name in message
    ]
    return (asked[0] if asked else {}) | {"thoughts": said[0] if said else "reasoning_content"}


@cache
def said_in(id: str) -> Json | str:
    """The prompt of a recorded request; or why there is none that says the same."""
    exchange = next(one for one in EXCHANGES if one["id"] == id)
    if exchange not in ASKED:
        return "the request was not recorded"
    try:
        said = prompt_of(exchange["endpoint"], exchange["request"]["json"])
    except NotSayable as problem:
        return str(problem)
    faults = Violations()
    check_prompt(convert.prompt_of(ParseDict(said, content_pb2.Prompt()), faults), faults)
    try:
        faults.check()
    except InvalidRequest as refusal:
        field = re.sub(r"\[\d+\]", "", refusal.violations[0].field)
        return f"refused: {field}"
    return said
