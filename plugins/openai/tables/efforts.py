"""Writes `efforts.json`: the values of reasoning effort that each vendor's models accept, from models.dev's records.

    python efforts.py models.jsonl.gz > ../src/ymera_openai/efforts.json

A vendor's documents go before the records, which are older; each of them is named in `_DOCUMENTED`.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

SOURCE, TAKEN_AT = "anomalyco/models.dev", "2026-07-02"

_OURS = {
    "fireworks-ai": "fireworks",
    "moonshotai": "moonshot",
    "novita-ai": "novita",
    "togetherai": "together",
    "cloudflare-workers-ai": "cloudflare",
    "github-models": "github",
}
"""models.dev's names of vendors that have another one here."""
_OTHERS = frozenset({"amazon-bedrock", "google-vertex", "google-vertex-anthropic", "anthropic", "google", "cohere"})
"""Vendors that are not called in OpenAI's format."""
_MAKERS = ("openai", "deepseek", "mistral", "xai", "zai", "moonshotai", "minimax", "alibaba")
"""Vendors that offer the models they make: what they state applies to their models elsewhere."""
_DOCUMENTED = {
    # https://api-docs.deepseek.com/guides/thinking_mode, read 2026-11-29
    "deepseek/deepseek-v4-flash": "toggle low high max",
    "deepseek/deepseek-v4-pro": "toggle low high max",
    # The same guide in its version of deepseek-chat, which `thinking` switches, too
    "deepseek/deepseek-chat": "toggle",
    # https://docs.perplexity.ai/api-reference/chat-completions-post
    "perplexity/sonar-deep-research": "low medium high",
    # https://docs.x.ai/docs/guides/reasoning: of these only grok-3-mini accepts an effort
    "xai/grok-3": "",
    "xai/grok-3-mini": "low high",
    "xai/grok-4": "",
    "xai/grok-4-fast-reasoning": "",
}


def main(path: str) -> None:
    """Prints the table: accepted values → models, by vendor or, after `*`, wherever else they are offered."""
    records = [json.loads(line) for line in gzip.decompress(Path(path).read_bytes()).splitlines()]
    records = [each for each in records if each["vendor"] not in _OTHERS and "text" in each["modalities"]["output"]]
    stated = {f"{_OURS.get(each['vendor'], each['vendor'])}/{each['id'].lower()}": _values(each) for each in records}
    stated |= _DOCUMENTED
    elsewhere = _elsewhere(records)
    apart = {name: values for name, values in stated.items() if elsewhere[f"*/{name.rpartition('/')[2]}"] != values}
    by_values: dict[str, list[str]] = defaultdict(list)
    for name, values in (apart | elsewhere).items():
        by_values[values].append(name)
    table = {values: sorted(names) for values, names in sorted(by_values.items())}
    json.dump({"source": SOURCE, "taken_at": TAKEN_AT, "models": table}, sys.stdout, indent=1)
    print()


def _elsewhere(records: list[dict[str, Any]]) -> dict[str, str]:
    """Returns what applies to a model at a vendor without a record of it: what its maker states, or most vendors do."""
    found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for each in records:
        made = each["vendor"] in _MAKERS and "/" not in each["id"]
        found[each["id"].lower().rpartition("/")[2]].append((made, _values(each)))
    for name, values in _DOCUMENTED.items():
        found[name.rpartition("/")[2]] = [(True, values)]
    return {f"*/{name}": _usual(stated) for name, stated in found.items()}


def _usual(stated: list[tuple[bool, str]]) -> str:
    makers = [values for made, values in stated if made] or [values for _, values in stated]
    return Counter(sorted(makers)).most_common(1)[0][0]


def _values(record: dict[str, Any]) -> str:
    values: list[str] = []
    for option in record.get("reasoning_options") or []:
        values += option["values"] if option["type"] == "effort" else ["toggle"]  # a budget of tokens is a switch, too
    return " ".join(dict.fromkeys(values))


if __name__ == "__main__":
    main(sys.argv[1])
