"""What the unit tests take for the CRDs is what the releases say."""

import pytest

from tests.unit.api.cel_table import CEL_RULES
from tests.unit.api.crd_facts import RELEASES, path_of, text_of
from tests.upstream.release import rule_texts, served


@pytest.mark.parametrize("release", RELEASES)
def test_the_facts_are_those_of_the_release(release: str) -> None:
    assert path_of(release).read_text(encoding="utf-8") == text_of(served(release)), "python -m tests.upstream.write"


@pytest.mark.parametrize("release", RELEASES)
def test_every_cel_rule_has_a_row(release: str) -> None:
    """The unit tests say so by fingerprint; this one shows the rule."""
    assert {name: text for name, text in rule_texts(release).items() if name not in CEL_RULES} == {}
