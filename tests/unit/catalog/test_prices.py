import subprocess
import sys

PROGRAM = """
import asyncio, sys
from ymera_service.catalog.prices import PriceLists
from ymera_service.sdk.models import ModelInfo, Price
free = ModelInfo("m", context_window=8, price=Price(0, 0), price_vendor="openai")
found = asyncio.run(PriceLists().look_up([ModelInfo("m"), free]))
print(found, "genai_prices" in sys.modules)
"""


def test_the_lists_are_not_imported_before_a_model_needs_them() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.split() == ["{}", "False"]
