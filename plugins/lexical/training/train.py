# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scipy>=1.14", "scikit-learn>=1.5", "pluggy>=1.6", "pydantic>=2.11"]
# ///
"""Learns the weights of categories: `uv run plugins/lexical/training/train.py`.

Reads the labelled prompts in `../shared/routing/dev` beside the checkout and the files in `prompts` here, prints the
accuracy on sources that were left out of the training, and writes `categories.json` into the package.
"""

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-not-found]
from sklearn.metrics import confusion_matrix, f1_score  # type: ignore[import-not-found]

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2].parent / "shared" / "routing" / "dev"
WEIGHTS = HERE.parent / "src" / "ymera_lexical" / "categories.json"
sys.path[:0] = [str(HERE), str(HERE.parent / "src"), str(HERE.parents[2])]

from frames import felt, framed, given  # type: ignore[import-not-found]  # noqa: E402  # beside this file
from systems import SYSTEMS  # type: ignore[import-not-found]  # noqa: E402
from ymera_lexical.groups import group_features  # noqa: E402  # found by the path above
from ymera_lexical.reading import words_of  # noqa: E402
from ymera_lexical.request import portions_of  # noqa: E402
from ymera_lexical.shape import shape_features  # noqa: E402
from ymera_lexical.system import task_of  # noqa: E402
from ymera_lexical.vocabulary import names_of  # noqa: E402

CATEGORIES = ("coding", "math", "research", "language", "empathy", "general")
ARENA = "arena-conversations"
HELD_OUT = {"aqua", "llmrouter-natural_qa"}
"""Sources that are excluded from the training of the shipped weights, so that the tests can measure on them."""
SHARES = {"prompts": 14.0, ARENA: 5.0, "expertqa": 3.5, "counsel-chat": 2.0, "goemotions": 0.5}
"""The weight of a source within its category, relative to 1 for any other, independent of its number of prompts."""
UNPLEASANT = {"sadness", "grief", "fear", "nervousness", "remorse", "disappointment", "embarrassment"}
SELF = re.compile(r"\b(?:I|I'm|im|my|me)\b")

MIN_DOCUMENTS, MIN_SOURCES, MIN_FORM = 4, 2, 8
"""A word is used only if it occurs in this many prompts and sources, a form only in this many prompts."""
WORD_SCALE, FORM_SCALE = 3.0, 0.5
REGULARISATION = 0.1
FRAMED, FELT, GIVEN, FRAME_SEED = 0.3, 0.1, 300, 1
GENERAL_BIAS = 0.2
"""Categories are learnt as equally frequent; in real traffic most prompts are of the general kind."""


@dataclass(frozen=True)
class Read:
    """A portion of a prompt, as the classifier reads it."""

    share: float
    words: set[str]
    forms: list[str]
    length: int

    @staticmethod
    def of(text: str, share: float) -> "Read":
        words = words_of(text)
        return Read(share, names_of(words), [*group_features(words), *shape_features(text, len(words))], len(words))


@dataclass(frozen=True)
class Example:
    text: str
    portions: list[Read]
    category: str
    source: str
    tested: bool

    @staticmethod
    def of(prompt: str, category: str, source: str, tested: bool) -> "Example":
        portions = [Read.of(text, share) for share, text in portions_of(prompt)]
        return Example(prompt.strip(), portions, category, source, tested)

    @property
    def words(self) -> set[str]:
        return {word for portion in self.portions for word in portion.words}

    @property
    def forms(self) -> set[str]:
        return {form for portion in self.portions for form in portion.forms}


def examples() -> list[Example]:
    return [Example.of(*prompt) for prompt in _prompts()]


def with_frames(shown: list[Example]) -> list[Example]:
    """Returns the examples, and some of them in frames; `given` texts come from any of them."""
    random = Random(FRAME_SEED)  # noqa: S311  # repeatable, and no secret
    added = []
    for source in sorted({e.source for e in shown}):
        of_source = [(e.text, e.category) for e in shown if e.source == source]
        added += [Example.of(text, category, source, False) for text, category in framed(of_source, FRAMED, random)]
        moods = Random(FRAME_SEED)  # noqa: S311  # its own, so that a change of `FELT` leaves the other frames as they are
        added += [Example.of(text, category, source, False) for text, category in felt(of_source, FELT, moods)]
    texts = [e.text for e in shown]
    added += [Example.of(text, category, "frames", False) for text, category in given(texts, GIVEN, random)]
    return shown + added


def _prompts() -> Iterator[tuple[str, str, str, bool]]:
    seen = set()
    for row in _rows("categories"):
        seen.add(row["prompt"][:200])
        yield row["prompt"], row["category"], row["source"], True
    for row in (row for table in ("routellm", "llmrouter") for row in _rows(f"outcomes_{table}")):
        if row.get("category") and row["prompt"][:200] not in seen:
            seen.add(row["prompt"][:200])
            yield row["prompt"], row["category"], _family(row["source"]), False
    for row in _rows("emotions"):
        yield from _of_goemotions(row["prompt"], set(row["emotions"]))
    for category, systems in SYSTEMS.items():
        for system in systems[::2]:
            yield task_of(system), category, "systems", False
    for category in CATEGORIES:
        for line in (HERE / "prompts" / f"{category}.txt").read_text(encoding="utf-8").splitlines():
            yield line, category, "prompts", False


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _family(source: str) -> str:
    """Returns one name for all tables made from the same prompts, so that they are left out together."""
    return "gsm8k-train" if "gsm" in source else "mbpp" if "mbpp" in source else source


def _of_goemotions(text: str, emotions: set[str]) -> Iterator[tuple[str, str, str, bool]]:
    if emotions & UNPLEASANT and SELF.search(text):
        yield text, "empathy", "goemotions", False
    elif emotions == {"neutral"} and len(text) > 40 and not SELF.search(text):
        yield text, "general", "goemotions", False


@dataclass
class Fit:
    words: dict[str, int]
    forms: dict[str, int]
    model: Any

    def scores(self, tested: list[Example]) -> Any:
        """Returns a row of scores for each example, a column for each category."""
        scores = np.full((len(tested), len(CATEGORIES)), -50.0)
        columns = [CATEGORIES.index(name) for name in self.model.classes_]
        scores[:, columns] = self.model.decision_function(_matrix(tested, self.words, self.forms))
        scores[:, CATEGORIES.index("general")] += GENERAL_BIAS
        return scores


def fit(shown: list[Example]) -> Fit:
    words, forms = _vocabulary(shown)
    shown = with_frames(shown)
    model = LogisticRegression(C=REGULARISATION, max_iter=500, tol=1e-3)
    model.fit(_matrix(shown, words, forms), [e.category for e in shown], sample_weight=_balanced(shown))
    return Fit(words, forms, model)


def _vocabulary(shown: list[Example]) -> tuple[dict[str, int], dict[str, int]]:
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for example in shown:
        for word in example.words:
            sources[word].add(example.source)
    documents = Counter(word for example in shown for word in example.words)
    forms = Counter(form for example in shown for form in example.forms)
    kept = [w for w, n in documents.items() if n >= MIN_DOCUMENTS and len(sources[w]) >= MIN_SOURCES]
    return (
        {word: column for column, word in enumerate(sorted(kept))},
        {form: column for column, form in enumerate(sorted(f for f, n in forms.items() if n >= MIN_FORM))},
    )


def _matrix(rows: list[Example], words: dict[str, int], forms: dict[str, int]) -> Any:
    at, columns, values = [], [], []
    for row, example in enumerate(rows):
        for read in example.portions:
            known = [words[word] for word in read.words if word in words]
            formed = [len(words) + forms[form] for form in set(read.forms) if form in forms]
            at += [row] * (len(known) + len(formed))
            columns += known + formed
            values += [read.share * WORD_SCALE / sqrt(len(known) or 1)] * len(known)
            values += [read.share * FORM_SCALE] * len(formed)
    return sp.csr_matrix((values, (at, columns)), shape=(len(rows), len(words) + len(forms)))


def _balanced(shown: list[Example]) -> list[float]:
    """Returns weights that count each category equally, and within it each source by its share."""
    sizes = Counter((example.category, example.source) for example in shown)
    totals: defaultdict[str, float] = defaultdict(float)
    for category, source in sizes:
        totals[category] += SHARES.get(source, 1.0)
    scale = len(shown) / len(totals)
    return [scale * SHARES.get(e.source, 1.0) / sizes[e.category, e.source] / totals[e.category] for e in shown]


def leave_sources_out(all_examples: list[Example]) -> tuple[list[Example], Any]:
    """Returns every tested example, with scores of a fit from which its source was left out."""
    tested, scores = [], []
    for source in sorted({e.source for e in all_examples if e.tested}):
        left_out = [e for e in all_examples if e.tested and e.source == source]
        found = fit([e for e in all_examples if e.source != source]).scores(left_out)
        hits = np.mean([CATEGORIES[best] == e.category for best, e in zip(found.argmax(1), left_out, strict=True)])
        print(f"  {source:26} {len(left_out):5} prompts, {hits:.2f} right")
        tested += left_out
        scores.append(found)
    return tested, np.vstack(scores)


def sharpness(tested: list[Example], scores: Any) -> float:
    """Returns the factor on scores that calibrates the probabilities on sources that were left out."""
    sizes = Counter((e.category, e.source) for e in tested)
    weights = np.array([1 / sizes[e.category, e.source] for e in tested])
    truth = [CATEGORIES.index(e.category) for e in tested]

    def loss(factor: float) -> float:
        scaled = scores * factor
        scaled = scaled - scaled.max(1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(1, keepdims=True))
        return float(-(weights * logs[np.arange(len(truth)), truth]).sum() / weights.sum())

    return float(min(np.arange(0.2, 2.5, 0.05), key=loss))


def report(tested: list[Example], scores: Any) -> None:
    guessed = [CATEGORIES[best] for best in scores.argmax(1)]
    truth = [e.category for e in tested]
    arena = [(t, g) for e, t, g in zip(tested, truth, guessed, strict=True) if e.source == ARENA]
    there = sorted({t for t, _ in arena})
    print(f"rows: true; columns: taken for {', '.join(CATEGORIES)}")
    for category, row in zip(CATEGORIES, confusion_matrix(truth, guessed, labels=CATEGORIES), strict=True):
        print(f"  {category:10}", *(f"{count:5}" for count in row))
    print(f"macro-F1 over all left-out sources: {f1_score(truth, guessed, average='macro'):.3f}")
    print(f"macro-F1 on {ARENA}, left out: {f1_score(*zip(*arena, strict=True), average='macro', labels=there):.3f}")


def write(found: Fit, factor: float) -> None:
    order = [list(found.model.classes_).index(name) for name in CATEGORIES]
    coefficients, bias = found.model.coef_[order].T * factor, found.model.intercept_[order] * factor
    bias[CATEGORIES.index("general")] += GENERAL_BIAS * factor
    words = {word: _hundredths(coefficients[column] * WORD_SCALE) for word, column in found.words.items()}
    start = len(found.words)
    forms = {form: _hundredths(coefficients[start + column] * FORM_SCALE) for form, column in found.forms.items()}
    content = {
        "labels": CATEGORIES,
        "bias": _hundredths(bias),
        "forms": _significant(forms),
        "words": _significant({name: row for name, row in words.items() if " " not in name}),
        "pairs": _significant({name: row for name, row in words.items() if " " in name}),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    WEIGHTS.write_text(text.replace("],", "],\n").replace("},", "},\n") + "\n", encoding="utf-8")
    print(f"{len(words)} words, {len(forms)} forms, sharpness {factor:.2f}, {WEIGHTS.stat().st_size // 1000} kB")


def _hundredths(row: Any) -> list[int]:
    return [round(float(value) * 100) for value in row]


def _significant(weights: dict[str, list[int]]) -> dict[str, list[int]]:
    return {name: row for name, row in weights.items() if max(map(abs, row)) >= 5}


if __name__ == "__main__":
    everything = examples()
    print("left out in turn:")
    judged, judgements = leave_sources_out(everything)
    report(judged, judgements)
    write(fit([e for e in everything if e.source not in HELD_OUT]), sharpness(judged, judgements))
