"""The contract of decoders."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.broken import broken_bodies, cuts, parts
from ymera_service.sdk.testing.checks.decoders import check_decoded, decoded

_EXAMPLES = 100


class DecoderContract:
    """Define `decoder()` and `bodies()`: whole answers as the vendor sends them, streamed and not.

    Nothing that a network or a vendor may do to them makes the decoder raise, loop, write more than it read, or take
    half a tool call for a whole answer. Needs Hypothesis.
    """

    def decoder(self) -> Decoder:
        """Returns a new decoder."""
        raise NotImplementedError("define `decoder(self)`")

    def bodies(self) -> Sequence[bytes]:
        """Returns whole answers."""
        raise NotImplementedError("define `bodies(self)`")

    def split(self, body: bytes) -> list[bytes]:
        """Returns the pieces that the format has; server-sent events, or else lines, unless overridden."""
        return parts(body)

    def test_a_broken_answer_becomes_events_and_one_end(self) -> None:
        self._check(broken_bodies(self.bodies(), self.split))

    def test_noise_becomes_events_and_one_end(self) -> None:
        self._check(st.binary(max_size=200))

    def _check(self, bodies: st.SearchStrategy[bytes]) -> None:
        # A test that is inherited can't be Hypothesis' own: it would take all who inherit it for one test.
        @settings(max_examples=_EXAMPLES, deadline=None)
        @given(data=st.data())
        def check(data: st.DataObject) -> None:
            body = data.draw(bodies)
            check_decoded(decoded(self.decoder(), data.draw(cuts(body))), len(body))

        check()
