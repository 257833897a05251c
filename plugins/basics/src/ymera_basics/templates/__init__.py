"""The templates: category → name → function that generates a task."""

from collections.abc import Mapping

from ymera_basics.task import Template
from ymera_basics.templates import coding, empathy, general, language, math, research

TEMPLATES: Mapping[str, Mapping[str, Template]] = {
    "coding": coding.TEMPLATES,
    "math": math.TEMPLATES,
    "research": research.TEMPLATES,
    "language": language.TEMPLATES,
    "empathy": empathy.TEMPLATES,
    "general": general.TEMPLATES,
}
