import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["ymera_service.cli", "ymera_service.routing.decision", "ymera_service.routing.stored"]
)
def test_modules_that_only_show_or_store_decisions_do_not_import_numpy(module: str) -> None:
    code = f"import sys, {module}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
