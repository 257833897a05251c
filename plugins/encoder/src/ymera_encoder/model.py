"""Computes the vector of a text: a BERT of few layers in numpy, whose last layer's mean is the meaning of the text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WEIGHTS, CONFIGURATION = "model.safetensors", "config.json"
_LARGEST_HEADER = 1 << 20
_NEEDED = ("num_attention_heads", "num_hidden_layers", "layer_norm_eps")


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights and biases of a layer; `attention` are those of queries, keys and values beside each other."""

    attention: tuple[Floats, Floats]
    output: tuple[Floats, Floats]
    output_norm: tuple[Floats, Floats]
    wide: tuple[Floats, Floats]
    narrow: tuple[Floats, Floats]
    narrow_norm: tuple[Floats, Floats]


class Model:
    """A sentence encoder. Pure: the same pieces give the same vector."""

    def __init__(self, weights: Mapping[str, Floats], configuration: Mapping[str, float]) -> None:
        """Takes the tensors by their names, and what the configuration says of them.

        Raises:
            ValueError: One of them is missing.
        """
        try:
            heads, layers, self._epsilon = [configuration[name] for name in _NEEDED]
            self._words = weights["embeddings.word_embeddings.weight"]
            places = weights["embeddings.position_embeddings.weight"]
            self._places = places + weights["embeddings.token_type_embeddings.weight"][0]
            self._norm = _pair(weights, "embeddings.LayerNorm", turned=False)
            self._layers = [_layer(weights, f"encoder.layer.{number}") for number in range(int(layers))]
        except KeyError as error:
            raise ValueError(f"the model lacks {error.args[0]}") from None
        self._heads = int(heads)

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Reads a model.

        Raises:
            OSError: A file can't be read.
            ValueError: A file is not what it should be.
        """
        return cls(read_tensors(folder / WEIGHTS), json.loads((folder / CONFIGURATION).read_bytes()))

    @property
    def longest(self) -> int:
        """How many pieces a text may have."""
        return len(self._places)

    def vector(self, pieces: Sequence[int]) -> Floats:
        """Returns the vector of a text's pieces; its length is 1."""
        states = self._normed(self._words[list(pieces)] + self._places[: len(pieces)], self._norm)
        for layer in self._layers:
            heard = self._attended(states, layer.attention) @ layer.output[0] + layer.output[1]
            states = self._normed(states + heard, layer.output_norm)
            wide = _gelu(states @ layer.wide[0] + layer.wide[1])
            states = self._normed(states + wide @ layer.narrow[0] + layer.narrow[1], layer.narrow_norm)
        mean = states.mean(0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

    def _attended(self, states: Floats, attention: tuple[Floats, Floats]) -> Floats:
        weights, bias = attention
        parts = (states @ weights + bias).reshape(len(states), 3, self._heads, -1).transpose(1, 2, 0, 3)
        queries, keys, values = parts
        scores = queries @ keys.transpose(0, 2, 1) / np.float32(sqrt(queries.shape[-1]))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        heard: Floats = (scores @ values).transpose(1, 0, 2).reshape(len(states), -1)
        return heard

    def _normed(self, states: Floats, norm: tuple[Floats, Floats]) -> Floats:
        centred = states - states.mean(-1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(-1, keepdims=True) + np.float32(self._epsilon))
        normed: Floats = centred / spread * norm[0] + norm[1]
        return normed


def _layer(weights: Mapping[str, Floats], name: str) -> _Layer:
    heard = [_pair(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    return _Layer(
        attention=(np.hstack([weight for weight, _ in heard]), np.hstack([bias for _, bias in heard])),
        output=_pair(weights, f"{name}.attention.output.dense"),
        output_norm=_pair(weights, f"{name}.attention.output.LayerNorm", turned=False),
        wide=_pair(weights, f"{name}.intermediate.dense"),
        narrow=_pair(weights, f"{name}.output.dense"),
        narrow_norm=_pair(weights, f"{name}.output.LayerNorm", turned=False),
    )


def _pair(weights: Mapping[str, Floats], name: str, *, turned: bool = True) -> tuple[Floats, Floats]:
    weight = weights[f"{name}.weight"]
    return np.ascontiguousarray(weight.T) if turned else weight, weights[f"{name}.bias"]


def _gelu(values: Floats) -> Floats:
    """Returns the Gaussian error linear unit, whose error function is approximated to 1.5e-7 (Abramowitz, 7.1.26)."""
    scaled = np.abs(values) * np.float32(sqrt(0.5))
    part = 1 / (1 + np.float32(0.3275911) * scaled)
    series: Floats = np.full_like(part, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series *= part
        series += np.float32(factor)
    error = 1 - series * part * np.exp(-scaled * scaled)
    activated: Floats = values * (1 + np.copysign(error, values)) / 2
    return activated


def read_tensors(path: Path) -> Mapping[str, Floats]:
    """Returns the 32-bit floats of a file in the format safetensors, by their names.

    The file begins with the length of its header in 8 bytes; the header is JSON that says where each tensor is.

    Raises:
        OSError: The file can't be read.
        ValueError: It is not such a file.
    """
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    if not 0 < length <= min(_LARGEST_HEADER, len(data) - 8):
        raise ValueError(f"{path} is not a file of tensors")
    header, content = json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]
    return {
        name: np.frombuffer(content[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]).copy()
        for name, entry in header.items()
        if isinstance(entry, dict) and entry.get("dtype") == "F32"
    }
