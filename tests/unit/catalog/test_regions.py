"""Where data are processed, as the configuration states it."""

from ymera_service.catalog.regions import with_regions
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Deployment

TWO = ModelInfo("m", deployments=(Deployment("", "west", "europe-west4"), Deployment("key", "east")))


def regions(stated: dict[str, str]) -> list[str]:
    return [each.region for each in with_regions(TWO, "p", stated).deployments]


def test_the_configuration_goes_before_the_provider_and_later_tables_before_earlier_ones() -> None:
    assert regions({}) == ["europe-west4", ""]
    assert regions({"q/*": "us"}) == ["europe-west4", ""]
    assert regions({"p/*": "eu"}) == regions({"p/m": "eu"}) == ["eu", "eu"]
    assert regions({"*": "us", "p/m#key@east": "eu"}) == ["us", "eu"]
    assert regions({"p/m@west": "eu", "p/*": "us"}) == ["us", "us"]


def test_a_region_makes_no_other_target() -> None:
    assert with_regions(TWO, "p", {"p/*": "eu"}).deployments == TWO.deployments
