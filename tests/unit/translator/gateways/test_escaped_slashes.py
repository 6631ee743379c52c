import pytest

from gatewayd.ir.edge import EscapedSlashes
from gatewayd.translator.gateways.escaped_slashes import escaped_slashes
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch


def asked(value: str) -> str:
    return GATEWAY.replace("generation: 1", f"annotations: {{gatewayd.io/escaped-slashes: {value}}}, generation: 1")


@pytest.mark.parametrize("choice", EscapedSlashes)
def test_every_choice(choice: EscapedSlashes) -> None:
    assert escaped_slashes(scratch(CLASS, asked(choice.value)), GW) == (choice, None)


def test_nothing_is_the_default() -> None:
    assert escaped_slashes(scratch(CLASS, GATEWAY), GW) == (EscapedSlashes.REDIRECT, None)


@pytest.mark.parametrize("value", ["Keep", "'true'", "''", "decode", f"'{'x' * 5000}'"])
def test_anything_else_is_said_and_the_default_holds(value: str) -> None:
    found = escaped_slashes(scratch(CLASS, asked(value)), GW)

    assert found.chosen is EscapedSlashes.REDIRECT
    assert found.refused is not None
    assert (found.refused.status, found.refused.reason) == (False, "InvalidParameters")
    assert found.refused.message.startswith("metadata.annotations[gatewayd.io/escaped-slashes]: ")
    assert found.refused.message.endswith("allowed: unescape-and-redirect, unescape-and-forward, reject, keep")
    assert len(found.refused.message) < 250
