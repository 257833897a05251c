import asyncio
from pathlib import Path

import pytest
from ymera_encoder.encoder import SentenceEncoder

from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.testing.contracts.classifiers import ClassifierContract


class TestSentenceEncoder(ClassifierContract):
    @pytest.fixture
    def classifier(self, folder: Path) -> Classifier:
        encoder = SentenceEncoder(folder)
        asyncio.run(encoder.start())
        return encoder
