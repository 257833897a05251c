"""The proof of a classifier."""

import pytest

from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.checks.classifiers import check_probabilities, check_pure, check_quick
from ymera_service.sdk.testing.checks.names import check_name

PICTURE = Message(Role.USER, (Media(MediaKind.IMAGE, "image/png", b"\x89PNG"),))
PROMPTS = {
    "plain": Prompt((user("Write a function that reverses a list."),)),
    "empty": Prompt((user(""),)),
    "picture": Prompt((PICTURE,)),
    "no user": Prompt((Message(Role.SYSTEM, (Text("Be brief."),)),)),
    "odd characters": Prompt((user("\0\ufeff🙂 \u202e!?' ½ Ünïcode 数学 \x7f"),)),
    "long": Prompt((user("why is the sky blue? " * 20_000),)),
    "turns": Prompt((user("2 + 2?"), Message(Role.ASSISTANT, (Text("4"),)), user("And tripled?"))),
}


class ClassifierContract:
    """Give a fixture `classifier`. `seconds` is what 1,000 characters may take."""

    seconds = 0.002

    @pytest.fixture
    def classifier(self) -> Classifier:
        """The classifier to prove."""
        raise NotImplementedError("give a fixture `classifier`")

    def test_its_name_is_fit_for_the_configuration(self, classifier: Classifier) -> None:
        check_name(classifier.name)

    @pytest.mark.parametrize("kind", PROMPTS)
    def test_it_gives_probabilities_for_any_prompt(self, classifier: Classifier, kind: str) -> None:
        check_probabilities(classifier.classify(PROMPTS[kind]))

    @pytest.mark.parametrize("kind", PROMPTS)
    def test_the_same_prompt_gets_the_same_probabilities(self, classifier: Classifier, kind: str) -> None:
        check_pure(classifier, PROMPTS[kind])

    def test_it_is_quick(self, classifier: Classifier) -> None:
        check_quick(classifier, Prompt((user(("Explain how rivers meet the sea. " * 31)[:1000]),)), self.seconds)
