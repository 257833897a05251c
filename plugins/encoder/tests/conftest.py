"""A model that is complete but tiny, with random weights and a vocabulary of a few pieces."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

PIECES = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "volcano",
    "##es",
    "##s",
    "how",
    "hot",
    "do",
    "get",
    "?",
    "it",
    "##a",
    "日",
)
SIZE, HEADS, LAYERS, WIDE, LONGEST = 8, 2, 2, 16, 40
CONFIGURATION = {
    "hidden_size": SIZE,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "layer_norm_eps": 1e-12,
}


def tensors() -> dict[str, NDArray[np.float32]]:
    """Returns random weights under the names that BERT's have."""
    draw = np.random.default_rng(7)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return draw.normal(size=shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": drawn(len(PIECES), SIZE),
        "embeddings.position_embeddings.weight": drawn(LONGEST, SIZE),
        "embeddings.token_type_embeddings.weight": drawn(2, SIZE),
    }
    shapes: dict[str, tuple[int, ...]] = {"embeddings.LayerNorm": (SIZE,)}
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        shapes |= {f"{layer}.attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")}
        shapes |= {f"{layer}.attention.output.dense": (SIZE, SIZE), f"{layer}.attention.output.LayerNorm": (SIZE,)}
        shapes |= {f"{layer}.intermediate.dense": (WIDE, SIZE), f"{layer}.output.dense": (SIZE, WIDE)}
        shapes |= {f"{layer}.output.LayerNorm": (SIZE,)}
    for name, shape in shapes.items():
        found |= {f"{name}.weight": drawn(*shape), f"{name}.bias": drawn(shape[0])}
    return found


def write_tensors(path: Path, values: Mapping[str, NDArray[np.float32]]) -> None:
    """Writes tensors in the format safetensors."""
    header, content = {}, b""
    for name, value in values.items():
        data = value.tobytes()
        offsets = [len(content), len(content) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": offsets}
        content += data
    encoded = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + content)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model."""
    path = tmp_path_factory.mktemp("model")
    write_tensors(path / "model.safetensors", tensors())
    (path / "config.json").write_text(json.dumps(CONFIGURATION))
    (path / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")
    return path
