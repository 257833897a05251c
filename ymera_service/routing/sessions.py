"""Which model a session stays with."""

from collections import OrderedDict


class Sessions:
    """Remembers the model of the sessions used last; forgets the one unused for longest when it is full."""

    def __init__(self, max_sessions: int) -> None:
        self._max = max_sessions
        self._models: OrderedDict[str, str] = OrderedDict()

    def model_of(self, session_id: str) -> str | None:
        """Returns the model that answered a session last; `None` for an unknown session or an empty id."""
        model = self._models.get(session_id)
        if model is not None:
            self._models.move_to_end(session_id)
        return model

    def remember(self, session_id: str, model: str) -> None:
        """Notes that a model answered a session; an empty id is no session."""
        if not session_id:
            return
        self._models[session_id] = model
        self._models.move_to_end(session_id)
        if len(self._models) > self._max:
            self._models.popitem(last=False)
