"""FeedbackService: how good answers turned out to be."""

from collections.abc import Mapping

from ymera.v1 import feedback_pb2 as pb

from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.feedback import Feedback, Feedbacks

SERVICE = pb.DESCRIPTOR.services_by_name["FeedbackService"].full_name

_THUMBS = {pb.THUMB_UNSPECIFIED: None, pb.THUMB_UP: True, pb.THUMB_DOWN: False}


class FeedbackServicer:
    """Converts, calls, converts."""

    def __init__(self, feedbacks: Feedbacks) -> None:
        self._feedbacks = feedbacks

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"Feedback": Unary(pb.FeedbackRequest, self.feedback)}

    async def feedback(self, request: pb.FeedbackRequest, call: Call) -> pb.FeedbackResponse:
        """Takes feedback on one past request."""
        faults = Violations()
        if request.thumb not in _THUMBS:
            faults.add("thumb", "is not known")
        credit = await self._feedbacks.give(_feedback_of(request), faults, call.caller.name)
        return pb.FeedbackResponse(model=credit.model, category=credit.category, quality=credit.quality)


def _feedback_of(request: pb.FeedbackRequest) -> Feedback:
    return Feedback(
        request.request_id,
        rating=request.rating if request.HasField("rating") else None,
        thumb=_THUMBS.get(request.thumb),
        corrected=request.corrected if request.HasField("corrected") else None,
        edit_distance=request.edit_distance if request.HasField("edit_distance") else None,
    )
