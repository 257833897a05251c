import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["ymera_service.cli", "ymera_service.routing.decision", "ymera_service.routing.stored"]
)
def test_numpy_is_not_imported_by_what_only_shows_or_stores_decisions(module: str) -> None:
    code = f"import sys, {module}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
