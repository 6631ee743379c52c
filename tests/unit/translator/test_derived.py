"""What comes back as rows."""

from gatewayd.translator.declarations import OUTPUTS
from gatewayd.translator.derived import DERIVED


def test_every_derived_output_is_declared_and_has_a_row_of_its_own() -> None:
    assert {derived.output for derived in DERIVED} <= set(OUTPUTS)
    assert len({derived.row for derived in DERIVED}) == len(DERIVED)
