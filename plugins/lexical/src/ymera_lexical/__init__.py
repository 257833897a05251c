"""Ymera plugin: classifies prompts by their words."""

from collections.abc import Iterable

from ymera_lexical.classifier import LexicalClassifier
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.hookspecs import hookimpl


@hookimpl
def ymera_register_classifiers() -> Iterable[Classifier]:
    """Offers the classifier "lexical"."""
    return [LexicalClassifier()]
