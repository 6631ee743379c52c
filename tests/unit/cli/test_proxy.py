"""`gatewayd proxy` against an Envoy's admin interface of a run: a socket beside the run's own."""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.cli.view.proxy_tables import TABLES
from gatewayd.introspection import client
from gatewayd.introspection.published import PublishedResource, ResourceChoice
from tests.unit.cli.command import Gatewayd
from tests.unit.introspection.dumps import CANARY, dump
from tests.unit.introspection.statuses import STATUS

NODE = "envoy-1"
PAGES = {
    "/config_dump?include_eds": json.dumps(dump()),
    "/stats?format=json&usedonly": json.dumps({"stats": [{"name": "http.http.downstream_rq_2xx", "value": 3}]}),
    "/logging": "active loggers:\n  http: warning\n",
    "/logging?http=debug": "active loggers:\n  http: debug\n",
    "/logging?level=debug": "active loggers:\n  http: debug\n",
}


class Admin(http.server.BaseHTTPRequestHandler):
    """Envoy's admin interface, as far as it is asked here."""

    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        body = (page or "no such page").encode()
        self.send_response(200 if page is not None else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (how it is called)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        """Return the name of a peer, which a Unix socket has not."""
        return ""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / NODE).mkdir()
    proxies = (replace(STATUS.proxies[0], node=NODE, gateway="shop/gw"),)
    monkeypatch.setattr(client, "fetch", lambda _path: replace(STATUS, proxies=proxies))
    with socketserver.ThreadingUnixStreamServer(str(tmp_path / NODE / "admin"), Admin) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path / "xds" / "socket"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("topic", [*TABLES, "stats", "logging"])
def test_each_topic_is_a_table_without_anything_private(gatewayd: Gatewayd, run: Path, topic: str) -> None:
    ran = gatewayd("proxy", topic, "--socket", run)
    shapes = gatewayd("proxy", topic, "--socket", run, "-o", "json")

    assert (ran.code, shapes.code) == (0, 0), ran.err
    assert len(ran.out.splitlines()) > 1
    assert json.loads(shapes.out)[0]["rows"]
    assert CANARY not in ran.out + shapes.out


def test_routes_of_a_host(gatewayd: Gatewayd, run: Path) -> None:
    ran = gatewayd("proxy", "routes", "gw", "--host", "shop.example", "--service", "cart", "--socket", run)

    assert ran.out.splitlines()[1].split()[:2] == ["443", "shop.example"]
    assert len(ran.out.splitlines()) == 2
    assert gatewayd("proxy", "routes", "--host", "none.example", "--socket", run).out == "nothing\n"


def test_the_level_of_a_logger_is_set(gatewayd: Gatewayd, run: Path) -> None:
    assert "warning" in gatewayd("proxy", "logging", "--socket", run).out
    assert "debug" in gatewayd("proxy", "logging", "--name", "http", "--level", "debug", "--socket", run).out
    assert "debug" in gatewayd("proxy", "logging", "--level", "debug", "--socket", run).out
    assert gatewayd("proxy", "routes", "--level", "debug", "--socket", run).code == 1


def test_what_is_not_as_published_is_said(gatewayd: Gatewayd, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(_path: Path, choice: ResourceChoice) -> tuple[PublishedResource, ...]:
        assert (choice.gateway, choice.with_content) == ("shop/gw", False)
        return (PublishedResource(gateway="shop/gw", type="RDS", name="443", version="r2", content=None),)

    monkeypatch.setattr(client, "fetch_config", fetched)

    ran = gatewayd("proxy", "routes", "--diff", "--socket", run)

    assert ran.code == 1
    assert ran.out.splitlines()[1] == "RDS   443   has version r1, published is r2"
    assert gatewayd("proxy", "stats", "--diff", "--socket", run).code == 1


def test_a_proxy_that_is_none(gatewayd: Gatewayd, run: Path) -> None:
    ran = gatewayd("proxy", "routes", "other", "--socket", run)

    assert (ran.code, ran.err) == (
        3, "gatewayd: there is no such proxy; `gatewayd status` lists those that are connected\n"
    )  # fmt: skip


def test_a_proxy_that_does_not_answer_well(gatewayd: Gatewayd, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAGES, "/config_dump?include_eds", "no json")
    ran = gatewayd("proxy", "routes", "--socket", run)
    assert (ran.code, ran.err.startswith("gatewayd: proxy envoy-1 of shop/gw: /config_dump")) == (3, True)

    monkeypatch.delitem(PAGES, "/config_dump?include_eds")
    assert "404: no such page" in gatewayd("proxy", "routes", "--socket", run).err
