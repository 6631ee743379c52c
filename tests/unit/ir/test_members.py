"""What members offer is told by key, and shown by name."""

from gatewayd.ir.members import ExportKey


def test_an_export_is_shown_with_its_cluster() -> None:
    assert str(ExportKey("west", "shop", "store")) == "shop/store of west"
