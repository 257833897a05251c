"""The time to classify a prompt: `uv run tests/bench/classifier.py`.

Prints the microseconds that the classifier `lexical` takes for a prompt of 200 bytes, 2 KB and 20 KB: the median
and the 99th percentile over some hundred different prompts, which are the lines of the training prompts from a
different one on, in several languages, and also per script. Of each prompt the quietest of several rounds
counts, as other load only ever adds; the prompts take turns, so that none is measured with its data still in the
cache. Only the ratios carry over to other machines.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ymera_lexical.classifier import LexicalClassifier

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

FILES = Path(__file__).parents[2] / "plugins" / "lexical" / "training" / "prompts"
SIZES = (200, 2_000, 20_000)
SCRIPTS: dict[str, Callable[[str], bool]] = {
    "all": lambda line: True,
    "ASCII": str.isascii,
    "Chinese, Japanese, Korean": lambda line: max(line) >= "\u3040",
}


def prompts(lines: Sequence[str], size: int) -> list[Prompt]:
    """Returns a prompt of `size` bytes for each line that it may begin with."""
    text = "\n".join(lines)
    whole = f"{text}\n" * (size // len(text) + 2)
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    cut = [whole[start : start + size].encode()[:size].decode(errors="ignore") for start in starts]
    return [Prompt((user(text),)) for text in cut]


def microseconds(prompts: Sequence[Prompt], rounds: int) -> list[float]:
    """Returns what each prompt takes, in ascending order."""
    classifier = LexicalClassifier()
    quietest = [float("inf")] * len(prompts)
    for _ in range(rounds):
        for number, prompt in enumerate(prompts):
            before = time.perf_counter_ns()
            classifier.read(prompt)
            quietest[number] = min(quietest[number], (time.perf_counter_ns() - before) / 1000)
    return sorted(quietest)


def main() -> None:
    """Reads the options, measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="how often each prompt is classified")
    rounds = parser.parse_args().rounds
    lines = [line for file in sorted(FILES.glob("*.txt")) for line in file.read_text(encoding="utf-8").splitlines()]
    print(f"{'µs per prompt':<28}{'bytes':>8}{'median':>9}{'p99':>9}")
    for script, belongs in SCRIPTS.items():
        for size in SIZES:
            taken = microseconds(prompts(list(filter(belongs, lines)), size), rounds)
            print(f"{script:<28}{size:>8}{statistics.median(taken):>9.1f}{taken[len(taken) * 99 // 100]:>9.1f}")


if __name__ == "__main__":
    main()
