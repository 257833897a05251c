"""A plugin's own table is read; texts from the environment may stand for lists and tables."""

import pytest
from pydantic import BaseModel, Field

from ymera_service.config import ConfigError
from ymera_service.plugins.settings import read
from ymera_service.sdk.settings import PluginSettings


class _Vendor(BaseModel):
    keys: dict[str, str] = Field(default_factory=dict)
    regions: tuple[str, ...] = ()


class _Settings(PluginSettings):
    names: list[str] = Field(default_factory=list)
    vendors: dict[str, _Vendor] = Field(default_factory=dict)
    note: str = ""


def test_a_text_is_read_as_what_the_setting_is() -> None:
    given = {"names": "a, b", "vendors": '{"acme": {"keys": "one=x,two=y", "regions": "eu"}}', "note": '["a"]'}
    settings = read("acme", _Settings, given)
    assert isinstance(settings, _Settings)
    assert (settings.names, settings.note) == (["a", "b"], '["a"]')
    assert settings.vendors["acme"] == _Vendor(keys={"one": "x", "two": "y"}, regions=("eu",))


def test_a_text_within_a_table_is_read() -> None:
    settings = read("acme", _Settings, {"vendors": {"acme": {"regions": '["eu", "us"]'}}})
    assert isinstance(settings, _Settings)
    assert settings.vendors["acme"].regions == ("eu", "us")


@pytest.mark.parametrize(("names", "where"), [('["a"', "names"), ('{"a": 1}', "names"), ("[[1]]", "names.0")])
def test_a_text_that_is_something_else_is_an_error(names: str, where: str) -> None:
    with pytest.raises(ConfigError) as error:
        read("acme", _Settings, {"names": names})
    assert [fault.where for fault in error.value.faults] == [f"plugins.acme.{where}"]
