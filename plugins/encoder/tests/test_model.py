import json
from math import erf, exp, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from ymera_encoder.model import Model, read_tensors

from plugins.encoder.tests.conftest import CONFIGURATION, HEADS, LAYERS, LONGEST, PIECES, SIZE, tensors, write_tensors

Row = NDArray[np.float64]


def expected(pieces: list[int]) -> Row:
    """Computes the vector as BERT is described, one place and one head after the other."""
    weights = {name: value.astype(np.float64) for name, value in tensors().items()}

    def dense(name: str, row: Row) -> Row:
        result: Row = weights[f"{name}.weight"] @ row + weights[f"{name}.bias"]
        return result

    def norm(name: str, row: Row) -> Row:
        result: Row = (row - row.mean()) / sqrt(row.var() + 1e-12)
        return result * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(layer: str, rows: list[Row], place: int) -> Row:
        queries, keys, values = (
            [dense(f"{layer}.attention.self.{part}", row).reshape(HEADS, -1) for row in rows]
            for part in ("query", "key", "value")
        )
        heard = []
        for head in range(HEADS):
            shares = [exp(queries[place][head] @ key[head] / sqrt(SIZE // HEADS)) for key in keys]
            heard.append(sum(share / sum(shares) * value[head] for share, value in zip(shares, values, strict=True)))
        return dense(f"{layer}.attention.output.dense", np.concatenate(heard))

    kinds = weights["embeddings.token_type_embeddings.weight"][0]
    words, places = (weights[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position"))
    rows = [norm("embeddings.LayerNorm", words[piece] + places[place] + kinds) for place, piece in enumerate(pieces)]
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        heard = [attend(layer, rows, place) for place in range(len(rows))]
        rows = [
            norm(f"{layer}.attention.output.LayerNorm", row + other) for row, other in zip(rows, heard, strict=True)
        ]
        wide = [dense(f"{layer}.intermediate.dense", row) for row in rows]
        wide = [np.array([value * (1 + erf(value / sqrt(2))) / 2 for value in row]) for row in wide]
        narrow = [dense(f"{layer}.output.dense", row) for row in wide]
        rows = [norm(f"{layer}.output.LayerNorm", row + other) for row, other in zip(rows, narrow, strict=True)]
    mean = np.mean(rows, axis=0)
    return mean / np.linalg.norm(mean)  # type: ignore[no-any-return]


@settings(max_examples=30)  # the slow calculation takes long
@given(pieces=st.lists(st.integers(0, len(PIECES) - 1), min_size=1, max_size=12))
def test_the_vector_is_what_the_architecture_says(pieces: list[int]) -> None:
    vector = Model(tensors(), CONFIGURATION).vector(pieces)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, expected(pieces), atol=1e-5)


def test_a_model_is_read_from_its_folder(folder: Path) -> None:
    model = Model.load(folder)
    assert model.longest == LONGEST
    np.testing.assert_array_equal(model.vector([2, 4, 3]), Model(tensors(), CONFIGURATION).vector([2, 4, 3]))


@pytest.mark.parametrize(
    "data", [b"", b"12345678", (99).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[[", b"\xff" * 20]
)
def test_what_is_not_a_file_of_tensors_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own error says what is wrong
        read_tensors(path)


def test_a_tensor_that_is_missing_is_named(tmp_path: Path) -> None:
    values = tensors()
    del values["encoder.layer.1.output.dense.bias"]
    write_tensors(tmp_path / "model.safetensors", values)
    (tmp_path / "config.json").write_text(json.dumps(CONFIGURATION))
    with pytest.raises(ValueError, match=r"lacks encoder\.layer\.1\.output\.dense\.bias"):
        Model.load(tmp_path)
