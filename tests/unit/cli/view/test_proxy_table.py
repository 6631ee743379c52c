import io
from dataclasses import replace

from rich.console import Console

from gatewayd.cli.view.proxy_table import proxies_table
from gatewayd.introspection.status import ProxyRow
from gatewayd.ir.envoy_releases import ENVOY, SUPPORTED
from tests.unit.introspection.statuses import STATUS


def shown(*proxies: ProxyRow) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=160).print(proxies_table(proxies))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_an_envoy_of_another_release_is_marked() -> None:
    old = replace(STATUS.proxies[0], envoy_version="1.20.3")
    assert f"1.20.3, outside of {SUPPORTED}" in shown(old)[1]
    assert "outside" not in " ".join(shown(replace(old, envoy_version=ENVOY), replace(old, envoy_version="")))


def test_each_type_of_each_proxy_has_a_row() -> None:
    lines = shown(*STATUS.proxies)

    assert lines == [
        "Proxy Gateway Envoy Type Resources State",
        f"standalone-1 default/web {ENVOY} CDS 2 refused: b: [red]no",
        "EDS 1 1 not ACKed yet: a",
        "LDS 1 ACKed",
    ]
