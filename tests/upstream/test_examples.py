"""The examples of the Gateway API's releases: what is valid there is valid here, and what is not is not."""

import pytest

from gatewayd.api.decode import Rejected, decode
from tests.unit.api.crd_facts import RELEASES
from tests.upstream.release import examples


@pytest.mark.parametrize("release", RELEASES)
def test_upstream_examples_are_valid(release: str) -> None:
    count = 0
    for name, source in examples(release, "examples"):
        result = decode(source)
        if isinstance(result, Rejected):
            assert result.kind is None, (name, [str(problem) for problem in result.problems])
        else:
            count += 1
    assert count > 50


@pytest.mark.parametrize("release", RELEASES)
def test_upstream_invalid_examples_are_refused(release: str) -> None:
    results: dict[str, list[object]] = {}
    for name, source in examples(release, "hack/invalid-examples"):
        results.setdefault(name, []).append(decode(source))
    assert len(results) > 30
    assert [name for name, found in results.items() if not any(isinstance(item, Rejected) for item in found)] == []
