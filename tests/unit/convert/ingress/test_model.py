from typing import Any

import pytest

from gatewayd.convert.conversion import model
from gatewayd.convert.ingress.model import IngressModel
from gatewayd.convert.journeys import Ending, Probe, ToBackends, ToURL, WithStatus
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import ingress, tls

NOBODY = WithStatus(status=404)


def of(*texts: str) -> IngressModel:
    return model(parse_file("a.yaml", "\n---\n".join(texts).encode()).documents)


def asked(
    served: IngressModel, path: str, host: str = "shop.example", scheme: str = "http", **headers: str
) -> Ending | None:
    return served.answer(Probe(scheme=scheme, host=host, path=path, headers=tuple(headers.items())))


def to(path: str, **shares: int) -> ToBackends:
    return ToBackends(
        shares=tuple((f"shop/{name}", share) for name, share in shares.items() or {"web": 1000}.items()), path=path
    )


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/a", to("/a")),
        ("/a/x", to("/a/x")),
        ("/ab", NOBODY),
        ("/A", NOBODY),
        ("/b", to("/b")),
        ("/b/", NOBODY),
        ("/c", ToURL(location="http://shop.example/c/")),
        ("/c/x", to("/c/x")),
    ],
)
def test_paths_by_segments_as_a_whole_and_with_a_slash(path: str, answer: Any) -> None:
    assert asked(of(ingress("shop", "/a", "= /b", "/c/")), path) == answer


def test_expressions_are_tried_from_the_longest_on() -> None:
    served = of(ingress("shop", "/a(/|$)(.*)", "/abc", rewrite_target="/x/$2"))
    assert asked(served, "/A/b") == to("/x/b")
    assert asked(served, "/abcd") == to("/x/")


def test_hosts() -> None:
    served = of(ingress("a", host="*.shop.example"), ingress("b", "/b", host="b.shop.example"))
    assert asked(served, "/", "x.shop.example") == to("/")
    assert asked(served, "/", "b.shop.example") == NOBODY
    assert asked(served, "/", "x.y.shop.example") == NOBODY


def test_clients_are_sent_to_https_by_any_certificate_for_the_host() -> None:
    served = of(ingress("a", host="a.shop.example"), ingress("b", host="*.shop.example", spec=tls("*.shop.example")))
    assert asked(served, "/x", "a.shop.example") == ToURL(location="https://a.shop.example/x")
    assert asked(served, "/x", "a.shop.example", "https") == to("/x")


def test_a_canary_has_its_share() -> None:
    canary = ingress("canary", canary="true", canary_weight="10", canary_by_header="env").replace(
        "name: web", "name: new"
    )
    served = of(ingress(), canary)
    assert asked(served, "/") == to("/", new=100, web=900)
    assert asked(served, "/", env="always") == to("/", new=1000)
    assert asked(served, "/", env="never") == to("/")


def test_what_the_report_calls_lost_is_not_known() -> None:
    assert asked(of(ingress(server_snippet="deny all;")), "/") is None
    assert asked(of(ingress(permanent_redirect="/x")), "/") is None


def test_redirects_come_before_backends() -> None:
    assert asked(of(ingress(app_root="/app")), "/") == ToURL(location="http://shop.example/app")
    assert asked(of(ingress(permanent_redirect="https://a.example/b")), "/x") == ToURL(location="https://a.example/b")
