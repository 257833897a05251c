"""The contract of classifiers."""

import pytest

from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.checks.classifiers import check_categories, check_pure, check_quick, check_reading
from ymera_service.sdk.testing.checks.names import check_name

IMAGE = Message(Role.USER, (Media(MediaKind.IMAGE, "image/png", b"\x89PNG"),))
PROMPTS = {
    "plain": Prompt((user("Write a function that reverses a list."),)),
    "empty": Prompt((user(""),)),
    "image": Prompt((IMAGE,)),
    "no user": Prompt((Message(Role.SYSTEM, (Text("Be brief."),)),)),
    "odd characters": Prompt((user("\0\ufeff🙂 \u202e!?' ½ Ünïcode 数学 \x7f"),)),
    "long": Prompt((user("why is the sky blue? " * 20_000),)),
    "turns": Prompt((user("2 + 2?"), Message(Role.ASSISTANT, (Text("4"),)), user("And tripled?"))),
}


class ClassifierContract:
    """Define a fixture `classifier`.

    Attributes:
        seconds: The longest time for a prompt of 1,000 characters; one that is `off_loop` has 25 times as long.
    """

    seconds = 0.002

    @pytest.fixture
    def classifier(self) -> Classifier:
        """The classifier to test."""
        raise NotImplementedError("define a fixture `classifier`")

    def test_its_name_is_valid(self, classifier: Classifier) -> None:
        check_name(classifier.name)

    def test_its_categories_are_valid(self, classifier: Classifier) -> None:
        check_categories(classifier)

    @pytest.mark.parametrize("kind", PROMPTS)
    def test_any_prompt_gets_a_valid_reading(self, classifier: Classifier, kind: str) -> None:
        check_reading(classifier.read(PROMPTS[kind]), classifier.categories)

    @pytest.mark.parametrize("kind", PROMPTS)
    def test_the_same_prompt_gets_the_same_reading(self, classifier: Classifier, kind: str) -> None:
        check_pure(classifier, PROMPTS[kind])

    def test_it_is_fast(self, classifier: Classifier) -> None:
        prompt = Prompt((user(("Explain how rivers meet the sea. " * 31)[:1000]),))
        check_quick(classifier, prompt, self.seconds * 25 if classifier.off_loop else self.seconds)
