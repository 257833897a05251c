"""The ways in which a model is called."""

from enum import StrEnum


class Api(StrEnum):
    """How a model is called: by Converse, or by InvokeModel with one of its formats."""

    CONVERSE = "converse"
    MESSAGES = "messages"
    """Claude's."""
    NOVA = "nova"
    CHAT_COMPLETIONS = "chat_completions"
    """OpenAI's, of imported models and endpoints of the marketplace."""
    COMPLETIONS = "completions"
    """OpenAI's for models that only continue a text."""
    TEXT_COMPLETIONS = "text_completions"
    """That of Claude before version 3."""
