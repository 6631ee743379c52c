import socket
from pathlib import Path

from gatewayd.demo.files import demo_files
from gatewayd.demo.ports import free_port, gateway_port

ENVOY = Path("/envoy")


def test_a_port_that_somebody_has_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port, ENVOY) > port


def test_the_port_is_that_of_the_file(tmp_path: Path) -> None:
    assert gateway_port(tmp_path) is None
    for name, text in demo_files(8899, {}).items():
        (tmp_path / name).write_text(text)

    assert gateway_port(tmp_path) == 8899
