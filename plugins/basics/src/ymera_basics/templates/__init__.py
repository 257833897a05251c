"""The templates: category → name → function that generates a task."""

from collections.abc import Mapping
from itertools import chain, zip_longest

from ymera_basics.task import Template
from ymera_basics.templates import (
    coding,
    constraints,
    empathy,
    general,
    haystack,
    language,
    math,
    multistep,
    research,
    tongues,
    tracing,
)


def _in_turn(easy: Mapping[str, Template], hard: Mapping[str, Template]) -> Mapping[str, Template]:
    """Returns all templates, alternating, so that a run of few tasks has both."""
    pairs = chain.from_iterable(zip_longest(easy.items(), hard.items()))
    return dict(pair for pair in pairs if pair is not None)


TEMPLATES: Mapping[str, Mapping[str, Template]] = {
    "coding": _in_turn(coding.TEMPLATES, tracing.TEMPLATES),
    "math": _in_turn(math.TEMPLATES, multistep.TEMPLATES),
    "research": _in_turn(research.TEMPLATES, haystack.TEMPLATES),
    "language": _in_turn(language.TEMPLATES, tongues.TEMPLATES),
    "empathy": empathy.TEMPLATES,
    "general": _in_turn(general.TEMPLATES, constraints.TEMPLATES),
}
