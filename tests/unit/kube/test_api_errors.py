import json

import pytest

from gatewayd.kube.api_errors import (
    ApiError,
    ConflictError,
    GoneError,
    NotFoundError,
    api_error,
    is_of_ending_namespace,
    read_error,
)
from tests.fakes.documents import failure


@pytest.mark.parametrize(
    ("status", "named"),
    [(404, NotFoundError), (409, ConflictError), (410, GoneError), (403, ApiError), (500, ApiError)],
)
def test_what_somebody_acts_on_has_a_name(status: int, named: type[ApiError]) -> None:
    assert type(api_error(status, "Why", "so")) is named
    error = read_error(status, {}, json.dumps(failure(status, "Why", "so")).encode())
    assert type(error) is named
    assert (error.status, error.reason, error.message, error.causes) == (status, "Why", "so", ())
    assert str(error) == f"{status} Why: so"


def test_causes_are_told() -> None:
    causes = [{"reason": "NamespaceTerminating", "message": "m"}, {"message": "no reason"}]
    error = read_error(403, {}, json.dumps(failure(403, "Forbidden", "no") | {"details": {"causes": causes}}).encode())
    assert error.causes == ("NamespaceTerminating", "")
    assert is_of_ending_namespace(error)
    assert not is_of_ending_namespace(read_error(403, {}, json.dumps(failure(403, "Forbidden", "no")).encode()))
    assert not is_of_ending_namespace(TimeoutError())


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b'{"message": 5}'])
def test_the_body_may_be_anything(body: bytes) -> None:
    assert type(read_error(404, {}, body)) is NotFoundError


@pytest.mark.parametrize(
    ("status", "passes"), [(400, False), (403, False), (404, False), (408, True), (409, True), (429, True), (503, True)]
)
def test_some_answers_pass_by_themselves(status: int, passes: bool) -> None:  # noqa: FBT001
    assert api_error(status, "", "").may_pass is passes
