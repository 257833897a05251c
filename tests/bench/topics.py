"""Fits and judges the detection of topic changes on labelled conversations.

    PYTHONPATH=tests/bench uv run --group encoder python tests/bench/topics.py

Without vectors, and with those of ymera-encoder if its weights are installed, it prints for the weights in use, for
weights fitted to seven tenths of the conversations, and for weights fitted to all kinds of conversations but the one
that is judged: the share of turns that go on with the topic and are taken so (kept), and the share of changes that are
found (caught). Then the weights that a fit to everything gives.
"""

import asyncio
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import ymera_encoder
from numpy.typing import NDArray
from ymera_encoder.encoder import SentenceEncoder
from ymera_lexical.classifier import LexicalClassifier

from ymera_service.routing.sessions import topics
from ymera_service.routing.sessions.topics import CHANGED, EARLIER, Turn, change, meanings, signs
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

DATA = Path(__file__).parents[2].parent / "shared" / "routing" / "dev" / "sessions.jsonl.gz"
KEPT, KEPT_WITH_VECTORS = 0.95, 0.97
"""The share of turns without a change that have to be taken so."""
EXPECTED = (-0.7, -0.7, -1.0, -1.5, -1.0, -2.5, -2.5, 1.0, -1.0, -1.0, 0.0, 0.0)
EXPECTED_OF_VECTORS = (-4.0, -4.0, -4.0)
"""What a sign should weigh by its meaning; the fit moves away from it as far as the conversations say so."""
LOWERED = 0.2
"""What is taken off the fitted intercept with vectors, to keep more."""
TRUST = 30.0
"""How many turns that is worth, about."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A turn with what came before it."""

    session: str
    source: str
    turn: Turn
    earlier: Sequence[Turn]
    changes: bool


def encoder() -> SentenceEncoder | None:
    """Returns the encoder, started; None if its weights are not installed."""
    for found in ymera_encoder.ymera_register_classifiers():
        asyncio.run(found.start())
        return found
    return None


def examples(kind: str, path: Path = DATA, encoder: SentenceEncoder | None = None) -> Sequence[Example]:
    """Returns every turn but the first one of each conversation of a kind, `stitched` or `tiage`."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        sessions = [session for session in map(json.loads, lines) if session["kind"] == kind]
    lexical = LexicalClassifier()
    return [example for session in sessions for example in _examples(session, lexical, encoder)]


def _examples(
    session: dict[str, list[dict[str, str]]], lexical: LexicalClassifier, encoder: SentenceEncoder | None
) -> Iterator[Example]:
    earlier: list[Turn] = []
    for row in session["turns"]:
        text = row.get("user") or row.get("utterance", "")
        prompt = Prompt((user(text),))
        turn = Turn.of(text, lexical.read(prompt).categories)
        if encoder is not None:
            turn = turn.meaning(encoder.read(prompt).vector, f"{encoder.name}/{encoder.version}")
        if earlier:
            name = str(session["session_id"])
            yield Example(name, row["source"], turn, tuple(earlier[-EARLIER:]), bool(row["new_topic"]))
        earlier.append(turn)


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of the signs, the intercept last."""

    weights: Floats

    def __call__(self, rows: Floats) -> Floats:
        chances: Floats = 1 / (1 + np.exp(-(np.c_[rows, np.ones(len(rows))] @ self.weights)))
        return chances


def fitted(rows: Floats, truth: Floats) -> Fit:
    """Returns the most likely weights, if those expected are taken for `TRUST` turns: Newton's method."""
    centre, scale = rows.mean(0), rows.std(0) + 0.01
    columns = np.c_[(rows - centre) / scale, np.ones(len(rows))]
    vectors = len(scale) > len(EXPECTED)
    expected = np.array((*EXPECTED, *EXPECTED_OF_VECTORS) if vectors else EXPECTED)
    before, pull = np.r_[expected * scale, 0.0], np.r_[np.full(len(expected), TRUST), 1e-3]
    weights = np.zeros(len(before))
    for _ in range(15):
        chances = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (chances - truth) + pull * (weights - before)
        curve = (columns * (chances * (1 - chances))[:, None]).T @ columns + np.diag(pull)
        weights -= np.linalg.solve(curve, slope)
    raw = weights[:-1] / scale
    return Fit(np.r_[raw, weights[-1] - raw @ centre - LOWERED * vectors])


def shares(chances: Floats, truth: Floats, limit: float) -> tuple[float, float]:
    """Returns what is kept and what is caught if a turn above the limit begins another topic."""
    return float((chances[truth == 0] <= limit).mean()), float((chances[truth == 1] > limit).mean())


def caught(chances: Floats, truth: Floats, kept: float) -> float:
    """Returns what is caught with the limit that keeps so much."""
    return shares(chances, truth, float(np.quantile(chances[truth == 0], kept)))[1]


def _columns(found: Sequence[Example]) -> tuple[Floats, Floats, NDArray[np.str_]]:
    rows = np.array([(*signs(one.turn, one.earlier), *meanings(one.turn, one.earlier)) for one in found])
    return rows, np.array([float(one.changes) for one in found]), np.array([one.source for one in found])


def report(encoder: SentenceEncoder | None) -> None:
    """Prints the report, with the vectors of an encoder or without."""
    least = KEPT if encoder is None else KEPT_WITH_VECTORS
    print("\nwith vectors" if encoder else "without vectors")
    found = examples("stitched", encoder=encoder)
    rows, truth, sources = _columns(found)
    in_use = np.array([change(one.turn, one.earlier) for one in found])
    print("weights in use: kept {:.3f}, caught {:.3f}".format(*shares(in_use, truth, CHANGED)))
    part = np.array([int(sha256(one.session.encode()).hexdigest()[:8], 16) / 2**32 < 0.7 for one in found])
    held_out = fitted(rows[part], truth[part])(rows[~part])
    print(f"other conversations of the same kinds: at {least} kept, caught {caught(held_out, truth[~part], least):.3f}")
    unseen = np.zeros(len(truth))
    for source in sorted(set(sources)):
        own = sources == source
        unseen[own] = fitted(rows[~own], truth[~own])(rows[own])
        print("  without {}: kept {:.3f}, caught {:.3f}".format(source, *shares(unseen[own], truth[own], CHANGED)))
    print(f"kinds not seen: at {least} kept, caught {caught(unseen, truth, least):.3f}", end="; ")
    print("kept {:.3f}, caught {:.3f}".format(*shares(unseen, truth, CHANGED)))
    chat = examples("tiage", encoder=encoder)
    chances = np.array([change(one.turn, one.earlier) for one in chat])
    print("tiage, weights in use: kept {:.3f}, caught {:.3f}".format(*shares(chances, _columns(chat)[1], CHANGED)))
    names = topics._WEIGHTS if encoder is None else topics._MEANING_WEIGHTS
    for name, weight in zip([*names, "intercept"], fitted(rows, truth).weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


def main() -> None:
    """Prints the reports."""
    report(None)
    if found := encoder():
        report(found)


if __name__ == "__main__":
    main()
