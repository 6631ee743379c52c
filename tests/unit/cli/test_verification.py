import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.cli.command import Gatewayd
from tests.unit.convert.ingresses import ingress, tls


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(ingress("shop", "/cart"))
    return tmp_path


def test_requests_are_compared_where_that_is_asked_for(gatewayd: Gatewayd, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(ingress("shop", "/cart/", spec=tls("shop.example"), app_root="/a"))

    ran = gatewayd("convert", "--verify", tmp_path)

    assert ran.code == 0
    assert ran.err.endswith("requests compared, 0 not, which lead to what is lost: 0 differ\n")


@contextmanager
def server(status: int) -> Iterator[str]:
    """Run a server that answers each request for /cart with a status, and all others with a 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/cart" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            pass

    running = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


def test_two_addresses_are_asked_the_same(gatewayd: Gatewayd, folder: Path) -> None:
    with server(200) as old, server(200) as new:
        same = gatewayd("convert", folder, "--live", old, new)
    with server(200) as old, server(503) as new:
        other = gatewayd("convert", folder, "--live", old, new)

    assert (same.code, other.code) == (0, 1)
    assert "differs: http://shop.example/cart: was 200, is 503" in other.err


def test_who_does_not_answer_is_not_compared(gatewayd: Gatewayd, folder: Path) -> None:
    ran = gatewayd("convert", folder, "--live", "127.0.0.1:1", "[::1]:1:1")
    assert ran.code == 0
    assert "0 requests compared" in ran.err


def test_an_address_is_a_host_with_ports(gatewayd: Gatewayd, folder: Path) -> None:
    ran = gatewayd("convert", folder, "--live", "http://a", "b")
    assert ran.code == 1
    assert "allowed is HOST[:PORT[:HTTPS-PORT]]" in ran.err
