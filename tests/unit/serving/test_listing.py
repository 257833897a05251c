"""Page tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.errors import InvalidRequest
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.listing import after_of, token_of

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), texts)
def test_a_page_token_is_decoded_to_its_item(item: str, scope: str) -> None:
    faults = Violations()
    assert after_of(token_of(item, scope), scope, faults) == item
    faults.check()


@pytest.mark.parametrize("token", ["nonsense", "====", "é", token_of("a/b", "other")])
def test_a_token_of_another_list_is_rejected(token: str) -> None:
    faults = Violations()
    assert after_of(token, "mine", faults) == ""
    with pytest.raises(InvalidRequest, match="page_token"):
        faults.check()
