from pathlib import Path

from tests.unit.cli.command import Gatewayd
from tests.unit.convert.ingresses import ingress, tls


def test_requests_are_compared_where_that_is_asked_for(gatewayd: Gatewayd, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(ingress("shop", "/cart/", spec=tls("shop.example"), app_root="/a"))

    ran = gatewayd("convert", "--verify", tmp_path)

    assert ran.code == 0
    assert ran.err.endswith("requests compared, 0 lead to what is lost: 0 differ\n")
