import io

from rich.console import Console

from gatewayd.cli.view.proxy_table import proxies_table
from tests.unit.introspection.statuses import STATUS


def test_each_type_of_each_proxy_has_a_row() -> None:
    stream = io.StringIO()
    Console(file=stream, width=120).print(proxies_table(STATUS.proxies))

    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]

    assert lines == [
        "Proxy Gateway Envoy Type Resources State",
        "standalone-1 default/web 1.40.0 CDS 2 refused: b: [red]no",
        "EDS 1 1 not ACKed yet: a",
        "LDS 1 ACKed",
    ]
