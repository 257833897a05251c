"""Makes the table of facts about models: `python plugins/published/training/make_models.py [models.jsonl.gz]`.

Reads models.dev's records, by default those in `../shared/catalogue` beside the checkout, and writes `models.json` into
the package, one model a line. Nothing is added to what the records state. What is left out:

- a capability of which they say nothing; whether a model reads files, unless they name PDFs among its inputs;
- a limit of 0, which they write for a limit that is not known;
- a price of 0 beside models with a price, as it may be a gap in the records. It is kept where the vendor charges for
  none of its models, and for a model whose name says that it is free.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RECORDS = HERE.parents[2].parent / "shared" / "catalogue" / "models.jsonl.gz"
TABLE = HERE.parent / "src" / "ymera_published" / "models.json"
SOURCE, TAKEN_AT = "models.dev", "2026-07-02"

NAMES = {
    "amazon-bedrock": "bedrock",
    "cloudflare-workers-ai": "cloudflare",
    "fireworks-ai": "fireworks",
    "github-models": "github",
    "google": "gemini",
    "google-vertex": "vertexai",
    "moonshotai": "moonshot",
    "novita-ai": "novita",
    "togetherai": "together",
}
"""models.dev's names of vendors that have another one here."""
MEDIA = {"image": "image_input", "audio": "audio_input", "video": "video_input"}
FLAGS = {"tool_call": "tools", "structured_output": "structured_output", "reasoning": "reasoning"}

Record = Mapping[str, Any]


def main(path: Path) -> None:
    """Writes the table."""
    records = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    free = _free_vendors(records)
    rows = {}
    for record in sorted(records, key=lambda each: (_vendor(each), each["id"].lower())):
        rows[f"{_vendor(record)}/{record['id'].lower()}"] = dict(_row(record, free))
    lines = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in (rows | _elsewhere(records)).items()]
    heading = json.dumps({"source": SOURCE, "taken_at": TAKEN_AT})[:-1]
    TABLE.write_text(f'{heading}, "models": {{\n' + ",\n".join(lines) + "\n}}\n")
    sys.stderr.write(f"{len(rows)} models of {len({name.partition('/')[0] for name in rows})} vendors\n")


def _vendor(record: Record) -> str:
    name = str(record["vendor"])
    return NAMES.get(name, name)


def _row(record: Record, free: Iterable[str]) -> Iterator[tuple[str, Any]]:
    yield from ((name, record["limit"][name]) for name in ("context", "output") if record["limit"].get(name))
    abilities = _abilities(record)
    if has := [name for name, can in abilities.items() if can]:
        yield "has", " ".join(has)
    if lacks := [name for name, can in abilities.items() if not can]:
        yield "lacks", " ".join(lacks)
    if "reasoning_options" in record or record["reasoning"] is False:
        yield "efforts", _efforts(record)
    if prices := _prices(record.get("cost") or {}, _is_free(record, free)):
        yield from prices.items()
    if record.get("status") == "deprecated":
        yield "deprecated", True


def _abilities(record: Record) -> dict[str, bool]:
    """Returns the capabilities of a model that writes text, and whether it has them."""
    if "text" not in record["modalities"]["output"]:
        return {}
    inputs = record["modalities"]["input"]
    stated = {ours: record[theirs] for theirs, ours in FLAGS.items() if isinstance(record.get(theirs), bool)}
    stated |= {ours: theirs in inputs for theirs, ours in MEDIA.items()}
    return stated | ({"file_input": True} if "pdf" in inputs else {})


def _efforts(record: Record) -> str:
    """Returns the values of effort that a model accepts; `toggle` says that its thinking can be switched off."""
    values: list[str] = []
    for option in record.get("reasoning_options") or []:
        values += option["values"] if option["type"] == "effort" else ["toggle"]  # a budget of tokens is a switch, too
    return " ".join(dict.fromkeys(values))


def _prices(cost: Record, free: bool) -> dict[str, Any]:
    """Returns USD per million tokens: input, output, read from and written to the cache, reasoning."""
    rates = _rates(cost)
    if rates[0] is None or rates[1] is None or (not any(rates) and not free):
        return {}
    tiers = [[each["tier"]["size"], *_rates(each)] for each in cost.get("tiers") or () if _by_context(each)]
    fee = {"request": cost["request"]} if cost.get("request") else {}
    return {"price": rates, **({"tiers": sorted(tiers)} if tiers else {}), **fee}


def _rates(cost: Record) -> list[float | None]:
    read = next((cost[name] for name in ("cache_read", "cached_input", "cache_input") if name in cost), None)
    written = next((cost[name] for name in ("cache_write", "cached_write") if name in cost), None)
    return [cost.get("input"), cost.get("output"), read, written, cost.get("reasoning")]


def _by_context(tier: Record) -> bool:
    return bool(tier["tier"].get("type", "context") == "context")


def _free_vendors(records: Iterable[Record]) -> set[str]:
    """Returns the vendors that charge for none of their models."""
    prices: defaultdict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.get("cost"):
            prices[record["vendor"]].append(record["cost"]["input"] + record["cost"]["output"])
    return {vendor for vendor, known in prices.items() if not any(known)}


def _is_free(record: Record, free: Iterable[str]) -> bool:
    return record["vendor"] in free or record["id"].endswith((":free", "/free"))


def _elsewhere(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """Returns what applies to a model at vendors without a record of it: the capabilities on which all others agree."""
    found: defaultdict[str, list[dict[str, bool]]] = defaultdict(list)
    for record in records:
        if abilities := _abilities(record):
            found[record["id"].lower().rpartition("/")[2].partition(":")[0]].append(abilities)
    rows = {}
    for name, stated in sorted(found.items()):
        counts = Counter(ability for each in stated for ability in each.items())
        agreed = sorted(name for (name, can), count in counts.items() if can and count == len(stated))
        if agreed:
            rows[f"*/{name}"] = {"has": " ".join(agreed)}
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDS)
