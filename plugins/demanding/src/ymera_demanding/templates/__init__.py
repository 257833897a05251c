"""The templates: category → name → function that generates a task."""

from collections.abc import Mapping
from typing import Any

from ymera_demanding.templates import (
    beliefs,
    coding,
    coding_texts,
    documents,
    empathy,
    general,
    language,
    math,
    numerals,
    replies,
    research,
    tools,
)

TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "coding": {**coding.TEMPLATES, **coding_texts.TEMPLATES},
    "math": math.TEMPLATES,
    "research": research.TEMPLATES,
    "language": {**language.TEMPLATES, **numerals.TEMPLATES},
    "empathy": {**empathy.TEMPLATES, **beliefs.TEMPLATES, **replies.TEMPLATES},
    "general": {**general.TEMPLATES, **documents.TEMPLATES, **tools.TEMPLATES},
}
