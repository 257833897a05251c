# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scipy>=1.14", "scikit-learn>=1.5", "pluggy>=1.6", "pydantic>=2.11"]
# ///
"""Fits the weights by which a request is found in a long text: `uv run plugins/lexical/training/finding.py`.

Puts labelled prompts into long texts of the kinds of `surroundings.py`, fits the weights to find them among the other
paragraphs, and prints them, to be pasted into `ymera_lexical/request.py`. Then it prints how often the request is found
by them, and what the classifier in the package makes of the prompts alone and within texts, by place:
for these kinds of texts, and for kinds that are used in no training.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.metrics import f1_score  # type: ignore[import-not-found]
from surroundings import KINDS, PLACES, placed  # type: ignore[import-not-found]  # beside this file
from train import DATA, _rows  # type: ignore[import-not-found]
from ymera_lexical.classifier import LexicalClassifier
from ymera_lexical.request import WEIGHTS, compared

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

PER_SOURCE, LONGEST, SIZES = 60, 700, (2_000, 6_000, 20_000)
"""Prompts of each source, the characters of the longest, and of what is around them."""
SEEDS, SEED_UNSEEN = (11, 12), 7
PULL = 2e-3
"""How strongly weights are drawn towards 0."""
CODE = ("/usr/local/go/src/net/http", ".go"), ("/usr/lib/node_modules/npm/lib/commands", ".js")
LICENCES = ("GPL-3", "MPL-2.0", "GFDL-1.3")
Kind = Callable[[int, Random], str]


@dataclass(frozen=True)
class Example:
    """A prompt in a long text."""

    text: str
    prompt: str
    category: str
    place: str


def prompts() -> Iterator[tuple[str, str]]:
    by_source: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in _rows("categories"):
        if 15 < len(row["prompt"]) <= LONGEST:
            by_source[row["source"]].append((row["prompt"], row["category"]))
    random = Random(5)  # noqa: S311  # repeatable, and no secret
    for source, own in sorted(by_source.items()):
        yield from random.sample(own, min(PER_SOURCE * (4 if source.startswith("arena") else 1), len(own)))


def examples(kinds: Sequence[Kind], seed: int) -> Sequence[Example]:
    random = Random(seed)  # noqa: S311
    return [
        Example(
            placed(prompt, random.choice(kinds)(random.choice(SIZES), random), place, random), prompt, category, place
        )
        for prompt, category in prompts()
        for place in PLACES
    ]


def unseen() -> Mapping[str, Kind]:
    """Returns kinds of texts that no training uses, as far as this machine has them."""
    found = {"pages, tables and mails": _joined(_contexts()), "conversations": _joined(_conversations())}
    for folder, ending in CODE:
        if files := sorted(Path(folder).glob(f"*{ending}"))[:40]:
            found[ending] = _cut([file.read_text(encoding="utf-8") for file in files])
    licences = [path for name in LICENCES if (path := Path("/usr/share/common-licenses") / name).exists()]
    logs = [path for path in Path("/var/log").glob("dpkg.log*") if path.suffix != ".gz"]
    for name, paths in (("licences", licences), ("logs", logs)):
        if paths:
            found[name] = _cut([path.read_text(encoding="utf-8", errors="replace") for path in paths])
    return found


def _contexts() -> Sequence[str]:
    with gzip.open(DATA.parents[1] / "security" / "tool_results.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        return [row["text"] for row in rows if "BIPIA" in row["source"] and row["label"] == "benign"]


def _conversations() -> Sequence[str]:
    sessions = [session["turns"] for session in _rows("sessions") if session["kind"] == "tiage"]
    return [
        "\n".join(f"User{number % 2 + 1}: {turn['utterance']}" for number, turn in enumerate(turns))
        for turns in sessions
    ]


def _joined(texts: Sequence[str]) -> Kind:
    def made(size: int, random: Random) -> str:
        parts: list[str] = []
        while sum(map(len, parts)) < size:
            parts.append(random.choice(texts))
        return "\n\n".join(parts)

    return made


def _cut(texts: Sequence[str]) -> Kind:
    def made(size: int, random: Random) -> str:
        text = random.choice(texts)
        start = random.randrange(max(len(text) - size, 1))
        return text[start : start + size].partition("\n")[2] or text[:size]

    return made


def table(found: Sequence[Example]) -> tuple[Any, Any, Any]:
    """Returns the signs of all compared paragraphs, whether each is of the request, and the number of its text."""
    rows, own, texts = [], [], []
    for number, example in enumerate(found):
        for paragraph, signs in compared(example.text.strip()):
            part = paragraph.strip()
            rows.append([float(sign) for sign in signs])
            own.append(
                part in example.prompt or example.prompt in part or (len(part) > 20 and part[:60] in example.prompt)
            )
            texts.append(number)
    return np.array(rows), np.array(own), np.array(texts)


def fitted(rows: Any, own: Any, texts: Any) -> Any:
    """Returns the weights by which the paragraphs of the request are the likeliest of those of their text."""
    kept = np.isin(texts, texts[own])
    rows, mine = rows[kept], own[kept].astype(float)
    numbers, at = np.unique(texts[kept], return_inverse=True)

    def loss(weights: Any) -> tuple[float, Any]:
        scores = rows @ weights
        highest = np.full(len(numbers), -np.inf)
        np.maximum.at(highest, at, scores)
        shares = np.exp(scores - highest[at])
        total, right = np.bincount(at, shares), np.bincount(at, shares * mine)
        slope = rows.T @ (shares * mine / right[at] - shares / total[at]) / len(numbers)
        return -np.log(right / total).mean() + PULL * weights @ weights, 2 * PULL * weights - slope

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x


def found_in(places: Mapping[str, Sequence[bool]]) -> str:
    return ", ".join(f"{place} {np.mean(hits):.2f}" for place, hits in places.items())


def report(title: str, tested: Sequence[Example], weights: Any) -> None:
    rows, own, texts = table(tested)
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for number, example in enumerate(tested):
        among = texts == number
        hits[example.place].append(bool(own[among][(rows[among] @ weights).argmax()]))
    print(f"{title}: the request found: {found_in(hits)}")
    classifier, guesses = LexicalClassifier(), defaultdict[str, list[tuple[str, str]]](list)
    for example in tested:
        for place, text in ((example.place, example.text), ("alone", example.prompt)):
            categories = classifier.read(Prompt((user(text),))).categories
            guesses[place].append((example.category, max(categories, key=categories.__getitem__)))
    for place, pairs in guesses.items():
        right = np.mean([truth == guess for truth, guess in pairs])
        macro = f1_score(*zip(*pairs, strict=True), average="macro")
        print(f"  {place:7} {len(pairs):5} prompts, {right:.2f} right, macro-F1 {macro:.2f}")


if __name__ == "__main__":
    seen = [example for seed in SEEDS for example in examples(KINDS, seed)]
    made = fitted(*table(seen))
    for name, weight in zip(WEIGHTS, made, strict=True):
        print(f'    "{name}": {weight:.2f},')
    report("kinds of the training", seen[: len(seen) // len(SEEDS)], made)
    kinds = unseen()
    for name, kind in kinds.items():
        report(name, examples([kind], SEED_UNSEEN), made)
    report("kinds not seen", examples([*kinds.values()], SEED_UNSEEN), made)
