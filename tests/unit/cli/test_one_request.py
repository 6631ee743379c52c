import http.server
import threading
from collections.abc import Iterator

import pytest

from gatewayd.cli.one_request import NoAnswerError, send
from gatewayd.cli.request_options import WantedRequest, from_url, sent, with_more


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201, "Made")
        self.send_header("x-seen", f"{self.headers['host']} {self.path} {self.headers['env']} {self.client_address[1]}")
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *_: object) -> None:  # type: ignore[override]
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_request_goes_where_it_is_sent_whatever_its_host(port: int) -> None:
    wanted = with_more(from_url("http://shop.example:8080/cart?a=1"), "POST", ["env: canary"], "", grpc=False)

    response = send(sent(wanted), "127.0.0.1", port, b"abc")

    assert (response.status, response.reason, response.body) == (201, "Made", b"cba")
    client = response.client.removeprefix("127.0.0.1:")
    assert dict(response.headers)["x-seen"] == f"shop.example:8080 /cart?a=1 canary {client}"


def test_nobody_there() -> None:
    wanted = WantedRequest(scheme="http", host="a", target="/", port=None)
    with pytest.raises(NoAnswerError, match=r"^127\.0\.0\.1:1: "):
        send(sent(wanted), "127.0.0.1", 1, b"")
