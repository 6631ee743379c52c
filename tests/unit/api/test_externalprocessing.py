from typing import Any

import pytest

from gatewayd.api.accesspolicy import PolicyBackendRef
from gatewayd.api.externalprocessing import ExternalProcessingSection, ShownMessage
from tests.unit.api.documents import Document, accepted, problems
from tests.unit.policies import policy, target


def shown(**section: Any) -> Document:
    given = {"backendRef": {"name": "waf", "port": 9000}, "request": {}, **section}
    return policy("RoutePolicy", "x", target("Gateway", "edge"), default={"externalProcessing": given})


def test_what_can_be_said() -> None:
    row = accepted(shown(response={"body": "Streamed"}, timeout="1s", failOpen=True))
    assert row.spec.default.external_processing == ExternalProcessingSection(
        backend_ref=PolicyBackendRef(name="waf", port=9000),
        request=ShownMessage(),
        response=ShownMessage(body="Streamed"),
        timeout="1s",
        fail_open=True,
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (shown(request={"body": "All"}), "request.body"),
        (shown(timeout="1 day"), "timeout"),
        (shown(backendRef={"name": ""}), "backendRef.name"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(document: Document, path: str) -> None:
    found = problems(document)
    assert any(each.startswith(f"spec.default.externalProcessing.{path}: ") for each in found)
