# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scipy>=1.14", "scikit-learn>=1.5", "pluggy>=1.6", "pydantic>=2.11"]
# ///
"""Learns the weights for emotions and complexity: `uv run plugins/lexical/training/heads.py`.

Reads the same data as `train.py` and the prompts in `prompts/emotions` and `prompts/complexity`, prints how right the
heads are on sources that were left out of the training, and writes `emotions.json` and `complexity.json` into the
package.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from random import Random
from typing import Any

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from feelings import FEELINGS  # type: ignore[import-not-found]  # beside this file
from frames import LANGUAGES, READING, TOLD, WORDING, told  # type: ignore[import-not-found]
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression, Ridge  # type: ignore[import-not-found]
from sklearn.metrics import confusion_matrix, f1_score  # type: ignore[import-not-found]
from train import HERE, WEIGHTS, Read, _rows  # type: ignore[import-not-found]
from ymera_lexical.reading import excerpt

EMOTIONS = ("anger", "anxiety", "frustration", "joy", "sadness", "shame", "neutral")
OF_GOEMOTIONS = {
    "anger": {"anger", "disgust"},
    "anxiety": {"fear", "nervousness"},
    "frustration": {"annoyance"},
    "joy": {"joy", "amusement", "excitement", "love", "gratitude", "relief", "pride", "admiration"},
    "sadness": {"sadness", "grief", "disappointment"},
    "shame": {"remorse", "embarrassment"},
    "neutral": {"neutral", "curiosity", "realization", "approval"},
}
"""Comments with labels of several emotions, or with others, are left out."""
OF_TOPICS = {
    "depression": "sadness",
    "grief-and-loss": "sadness",
    "anxiety": "anxiety",
    "stress": "anxiety",
    "anger-management": "anger",
}
"""The emotion of a question to a counsellor by its topic."""
SHARES = {"prompts": 4.0, "goemotions": 1.0, "counsel-chat": 1.0, "frames": 3.0}
OTHER_SHARE = 0.4
"""The weight of a source within its emotion, relative to others, independent of its number of prompts."""
GIVEN, SEED = 400, 1
"""Emotional texts that are given to be translated, corrected and so on, and as many that are told of others, which is
neutral."""
LONG, WORDING_LEVEL, READING_LEVEL = 40, 0.3, 0.4
"""Long texts that are given to be worked on, of each kind, and how complex that is: a request is not difficult
because it is long."""
MIN_DOCUMENTS, MIN_PAIRS, MIN_FORM = 3, 8, 8
WORD_SCALE, FORM_SCALE, FEELING_SCALE = 3.0, 0.5, 16.0
EMOTION_REGULARISATION, COMPLEXITY_REGULARISATION = 0.07, 2.0
NEUTRAL_BIAS = 0.75
"""Emotions are learnt as equally frequent; most requests are neutral."""
NEAREST, SPREAD = 0.05, 0.9
"""Complexity c is learnt as the logit of `NEAREST + SPREAD × c`."""
FOLDS = 5

_FEELINGS_OF: defaultdict[str, list[str]] = defaultdict(list)
for _feeling, _words in FEELINGS.items():
    for _word in set(_words.split()):
        _FEELINGS_OF[_word].append(f"@{_feeling}")


@dataclass(frozen=True)
class Example:
    """A text that is read as a whole, even a long one."""

    text: str
    words: set[str]
    forms: list[str]
    category: str
    source: str
    tested: bool
    length: int

    @staticmethod
    def of(prompt: str, category: str, source: str, tested: bool) -> "Example":
        read = Read.of(text := excerpt(prompt), 1.0)
        return Example(text, read.words, read.forms, category, source, tested, read.length)


@dataclass
class Features:
    """The words and forms that have columns, words first; `@` and an emotion is the feature of its words."""

    words: dict[str, int]
    forms: dict[str, int]

    @staticmethod
    def of(shown: Sequence[Example], feelings: Sequence[str] = ()) -> "Features":
        documents = Counter(word for example in shown for word in example.words)
        forms = Counter(form for example in shown for form in example.forms)
        kept = {w for w, n in documents.items() if n >= (MIN_PAIRS if " " in w else MIN_DOCUMENTS)}
        words = sorted(kept | {f"@{feeling}" for feeling in feelings})
        kept_forms = sorted(form for form, n in forms.items() if n >= MIN_FORM)
        return Features({w: at for at, w in enumerate(words)}, {f: at for at, f in enumerate(kept_forms, len(words))})

    def matrix(self, rows: Sequence[Example]) -> Any:
        at: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for row, example in enumerate(rows):
            length = sqrt(max(example.length, 1))
            found: defaultdict[int, float] = defaultdict(float)
            for word in example.words:
                if word in self.words:
                    found[self.words[word]] += WORD_SCALE / length
                for feeling in _FEELINGS_OF.get(word, ()):
                    if feeling in self.words:
                        found[self.words[feeling]] += FEELING_SCALE / length
            found |= {self.forms[form]: FORM_SCALE for form in example.forms if form in self.forms}
            at += [row] * len(found)
            columns += found
            values += found.values()
        return sp.csr_matrix((values, (at, columns)), shape=(len(rows), len(self.words) + len(self.forms)))

    def rows(self, coefficients: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Returns the weights of words, those of their feelings added, and of forms."""
        words = {w: coefficients[at] * WORD_SCALE for w, at in self.words.items() if not w.startswith("@")}
        for word, feelings in _FEELINGS_OF.items():
            for feeling in feelings:
                if feeling in self.words:
                    words[word] = words.get(word, 0.0) + coefficients[self.words[feeling]] * FEELING_SCALE
        return words, {form: coefficients[at] * FORM_SCALE for form, at in self.forms.items()}


def emotional() -> Iterator[Example]:
    """Yields the examples of emotions, each with its emotion as the category."""
    texts = []
    for row in _rows("emotions"):
        found = {emotion for emotion, labels in OF_GOEMOTIONS.items() if labels & set(row["emotions"])}
        if len(found) == 1 and set(row["emotions"]) <= set().union(*OF_GOEMOTIONS.values()):
            texts.append((row["prompt"], found.pop(), "goemotions"))
    texts += [(line, emotion, "prompts") for emotion in EMOTIONS for line in _lines(f"emotions/{emotion}")]
    felt = [text for text, emotion, _ in texts if emotion != "neutral"]
    for row in _rows("categories"):
        if row["category"] != "empathy":
            texts.append((row["prompt"], "neutral", row["source"]))
        elif row.get("label") in OF_TOPICS:
            texts.append((row["prompt"], OF_TOPICS[row["label"]], row["source"]))
    random = Random(SEED)  # noqa: S311  # repeatable, and no secret
    for number in range(2 * GIVEN):
        frame, text = random.choice(TOLD if number % 2 else WORDING), random.choice(felt)[:400]
        texts.append((frame.format(text=text, language=random.choice(LANGUAGES)), "neutral", "frames"))
    texts += [(text, "neutral", "frames") for text in told(GIVEN, random)]
    for text, emotion, source in texts:
        yield Example.of(text, emotion, source, source != "frames")


def _lines(name: str) -> Sequence[str]:
    text: str = (HERE / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
    return text.splitlines()


def fit_emotions(shown: Sequence[Example]) -> tuple[Features, Any]:
    features = Features.of(shown, [*FEELINGS])
    model = LogisticRegression(C=EMOTION_REGULARISATION, max_iter=200, tol=1e-3)
    model.fit(features.matrix(shown), [e.category for e in shown], sample_weight=_balanced(shown))
    model.intercept_[list(model.classes_).index("neutral")] += NEUTRAL_BIAS
    return features, model


def _balanced(shown: Sequence[Example]) -> Sequence[float]:
    sizes = Counter((example.category, example.source) for example in shown)
    totals: defaultdict[str, float] = defaultdict(float)
    for emotion, source in sizes:
        totals[emotion] += SHARES.get(source, OTHER_SHARE)
    scale = len(shown) / len(totals)
    return [scale * SHARES.get(e.source, OTHER_SHARE) / sizes[e.category, e.source] / totals[e.category] for e in shown]


def leave_sources_out(examples: Sequence[Example]) -> None:
    """Prints how right the emotions are of each source that was left out, and which are taken for which."""
    for source in sorted({e.source for e in examples if e.tested}):
        left_out = [e for e in examples if e.source == source]
        features, model = fit_emotions([e for e in examples if e.source != source])
        guessed, truth = model.predict(features.matrix(left_out)), [e.category for e in left_out]
        hits = np.mean([guess == true for guess, true in zip(guessed, truth, strict=True)])
        macro = f1_score(truth, guessed, average="macro", labels=sorted(set(truth)))
        print(f"  {source:26} {len(left_out):5} texts, {hits:.2f} right, macro-F1 {macro:.2f}")
        if len(set(truth)) > 1:
            print(f"    rows: true; columns: taken for {', '.join(EMOTIONS)}")
            for emotion, row in zip(EMOTIONS, confusion_matrix(truth, guessed, labels=EMOTIONS), strict=True):
                print(f"    {emotion:12}", *(f"{count:5}" for count in row))


def _graded(example: Example) -> Example:
    """Returns an example with a feature for each length that it has at least, and without its ending, a chance.

    So texts are judged as well that are longer than those of the training.
    """
    length = next(int(form.split()[1]) for form in example.forms if form.startswith("~length"))
    forms = [form for form in example.forms if not form.startswith(("~length", "~open end"))]
    return replace(example, forms=[*forms, *(f"≥{step}" for step in range(1, length + 1))])


def _ungraded(forms: Mapping[str, float]) -> Mapping[str, float]:
    """Returns the weights of forms with those of each length in place of those of at least that length."""
    steps = [forms.get(f"≥{step}", 0.0) for step in range(10)]
    others = {form: weight for form, weight in forms.items() if not form.startswith("≥")}
    return others | {f"~length {length}": sum(steps[: length + 1]) for length in range(10)}


def demanding() -> Sequence[tuple[Example, float]]:
    """Returns prompts with their complexity."""
    prompts = [
        (line, int(path.stem) / 100)
        for path in sorted((HERE / "prompts" / "complexity").glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    random = Random(SEED)  # noqa: S311  # repeatable, and no secret
    texts = [line for line, _ in prompts]
    for frames, level in ((WORDING, WORDING_LEVEL), (READING, READING_LEVEL)):
        for _ in range(LONG):
            text = "\n".join(random.choices(texts, k=random.randint(3, 15)))
            prompts.append((random.choice(frames).format(text=text, language=random.choice(LANGUAGES)), level))
    return [(_graded(Example.of(line, "", "", True)), level) for line, level in prompts]


def fit_complexity(shown: Sequence[tuple[Example, float]]) -> tuple[Features, Any]:
    features = Features.of([example for example, _ in shown])
    levels = [_logit(NEAREST + SPREAD * level) for _, level in shown]
    return features, Ridge(alpha=COMPLEXITY_REGULARISATION).fit(features.matrix([e for e, _ in shown]), levels)


def _logit(share: float) -> float:
    return log(share / (1 - share))


def _complexities(features: Features, model: Any, tested: Sequence[Example]) -> Any:
    likely = 1 / (1 + np.exp(-model.predict(features.matrix(tested))))
    return np.clip((likely - NEAREST) / SPREAD, 0, 1)


def leave_folds_out(examples: Sequence[tuple[Example, float]]) -> None:
    """Prints how far off the complexity is of prompts that were left out, and what it has to do with failures."""
    off = []
    for fold in range(FOLDS):
        features, model = fit_complexity([e for at, e in enumerate(examples) if at % FOLDS != fold])
        tested = [e for at, e in enumerate(examples) if at % FOLDS == fold]
        found = _complexities(features, model, [e for e, _ in tested])
        off += [abs(one - level) for one, (_, level) in zip(found, tested, strict=True)]
    print(f"complexity: off by {np.mean(off):.3f} on average on prompts that were left out")
    features, model = fit_complexity(examples)
    print("rank correlation with the share of models that fail, by source:")
    for table in ("routellm", "llmrouter", "zeroeval"):
        by_source: defaultdict[str, list[tuple[Example, float]]] = defaultdict(list)
        for row in _rows(f"outcomes_{table}"):
            quality = [outcome["quality"] for outcome in row["outcomes"].values()]
            name = row["source"].partition("mmlu-")[0]
            by_source[name].append((_graded(Example.of(row["prompt"], "", "", True)), -sum(quality) / len(quality)))
        for source, rows in by_source.items():
            found = _complexities(features, model, [example for example, _ in rows])
            print(f"  {source:26} {spearmanr(found, [failed for _, failed in rows]).statistic:5.2f}")


def write(
    name: str, labels: Sequence[str], bias: Sequence[float], words: Mapping[str, Any], forms: Mapping[str, Any]
) -> None:
    tables = {
        "forms": forms,
        "words": {name: row for name, row in words.items() if " " not in name},
        "pairs": {name: row for name, row in words.items() if " " in name},
    }
    content = {"labels": labels, "bias": _hundredths(bias)} | {
        name: {one: whole for one, row in table.items() if max(map(abs, whole := _hundredths(np.atleast_1d(row)))) >= 5}
        for name, table in tables.items()
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path = WEIGHTS.with_name(f"{name}.json")
    path.write_text(text.replace("],", "],\n").replace("},", "},\n") + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def _hundredths(row: Any) -> list[int]:
    return [round(float(value) * 100) for value in row]


if __name__ == "__main__":
    levels = demanding()
    leave_folds_out(levels)
    levelled, ridge = fit_complexity(levels)
    words, forms = levelled.rows(ridge.coef_)
    write("complexity", ["complexity"], [ridge.intercept_], words, _ungraded(forms))
    felt = [*emotional()]
    known, regression = fit_emotions(felt)
    order = [list(regression.classes_).index(emotion) for emotion in EMOTIONS]
    write("emotions", EMOTIONS, regression.intercept_[order], *known.rows(regression.coef_[order].T))
    print("emotions of sources that were left out:")
    leave_sources_out(felt)
