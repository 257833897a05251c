import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.prompts.vectors import check, likeness, packed

FIGURES = st.floats(-1, 1, allow_subnormal=False) | st.floats(allow_nan=False, allow_infinity=False)


@given(vector=st.lists(FIGURES, min_size=1, max_size=40))
def test_any_vector_is_kept_and_is_like_itself_if_it_has_a_direction(vector: list[float]) -> None:
    kept = packed(vector)
    check(kept)
    [[alike]] = likeness([kept])
    assert alike == pytest.approx(1.0, abs=1e-5) or alike == 0.0


@given(figures=st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=400))
def test_the_kept_vectors_are_about_as_alike_as_the_vectors(figures: list[tuple[float, float]]) -> None:
    one, other = np.array([(1.0, 0.5), *figures]).T
    expected = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
    [[_, forth], [back, _]] = likeness([packed([*one]), packed([*other])])
    assert forth == back == pytest.approx(expected, abs=0.1)


def test_vectors_of_different_lengths_can_not_be_compared() -> None:
    assert not likeness([packed([1.0]), packed([1.0, 0.5])])


@pytest.mark.parametrize("text", ["x", "ü===", "AA=A", "A A="])
def test_what_is_not_a_kept_vector_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the decoder's own words
        check(text)
