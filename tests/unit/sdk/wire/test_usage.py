"""Inconsistent counts are corrected."""

from ymera_service.sdk.generation import Usage
from ymera_service.sdk.wire.usage import consistent


def test_no_part_is_larger_than_its_whole() -> None:
    assert consistent(Usage(9, 4, 12, 10, 5)) == Usage(9, 4, 9, 9, 4)
    assert consistent(Usage(9, 4, 3, 2, 1)) == Usage(9, 4, 3, 2, 1)
