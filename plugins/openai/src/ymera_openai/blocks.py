"""The format of items of the Responses API that only the provider understands, such as searches that it made."""

FORMAT = "openai.responses"
