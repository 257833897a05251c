"""The settings of what is called with keys."""

import pytest
from pydantic import ValidationError

from ymera_service.sdk.settings import KeySettings

ENVIRONMENT = {"FIRST": " ", "SECOND": " key-2\n", "THIRD": "key-3"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, "key-2"),
        ({"api_key": ""}, "key-2"),
        ({"api_key": "own"}, "own"),
        ({"api_key": "own", "api_keys": {"team-a": "a", "team-b": "b"}}, {"team-a": "a", "team-b": "b"}),
    ],
)
def test_keys_of_the_settings_go_before_the_first_variable_that_has_one(
    table: dict[str, object], expected: object
) -> None:
    settings = KeySettings.model_validate(table)
    assert settings.configured_keys(("FIRST", "SECOND", "THIRD", "ABSENT"), ENVIRONMENT) == expected
    assert KeySettings().configured_keys(("FIRST", "ABSENT"), ENVIRONMENT) == ""


def test_a_name_that_can_not_be_part_of_an_id_is_refused_without_showing_a_key() -> None:
    with pytest.raises(ValidationError) as caught:
        KeySettings.model_validate({"api_keys": {"Team A": "sk-1"}})
    assert "sk-1" not in str(caught.value)
