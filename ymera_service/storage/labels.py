"""Labels that Ymera itself gives executions."""

OWN_LABELS = "ymera/"
"""What the keys of labels begin with that no caller may set."""


def arm_label(experiment: str) -> str:
    """Returns the key of the label that says which arm of an experiment an execution had."""
    return f"{OWN_LABELS}experiment/{experiment}"
