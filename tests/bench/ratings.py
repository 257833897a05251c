"""Judged answers, as callers rate them."""

from datetime import datetime

from ymera_service.storage.records import Observation, ObservationSource


def rating(name: str, at: datetime, model: str, category: str, quality: float) -> Observation:
    """Returns the rating of an answer; `name` is its id, and that of the request."""
    return Observation(
        id=name,
        created_at=at,
        request_id=name,
        source=ObservationSource.FEEDBACK,
        name="rating",
        value=quality,
        amount=None,
        model=model,
        category=category,
        caller="",
        tokens=0,
        time_to_first_token=None,
    )
