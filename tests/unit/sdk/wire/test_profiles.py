"""What the models of an endpoint accept."""

from dataclasses import dataclass

from pydantic import BaseModel

from ymera_service.sdk.wire.profiles import Profiles, configured


@dataclass(frozen=True)
class Profile:
    context_window: int = 0
    capabilities: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset({"tools"})


class ModelSettings(BaseModel):
    context_window: int | None = None
    capabilities: frozenset[str] | None = None


def test_a_model_that_was_not_learned_has_the_profile_of_its_family() -> None:
    profiles = Profiles(lambda model: Profile(len(model)))
    profiles.learn("known", Profile(100))
    assert (profiles.of("known").context_window, profiles.of("other-1").context_window) == (100, 7)


def test_settings_replace_what_they_set_and_leave_nothing_unknown_if_they_name_capabilities() -> None:
    profile = Profile(7, frozenset({"images"}))
    assert configured(profile, ModelSettings()) == profile
    assert configured(profile, ModelSettings(context_window=9)) == Profile(9, frozenset({"images"}))
    named = configured(profile, ModelSettings(capabilities=frozenset()))
    assert named == Profile(7, frozenset(), frozenset())
