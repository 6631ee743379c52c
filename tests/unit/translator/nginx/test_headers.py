from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, message, objects, rules


def filters(**annotations: str) -> Any:
    return rules(converted(ingress(**annotations)))["root"].get("filters", [])


def test_the_host_that_backends_see() -> None:
    rewrite = {"type": "URLRewrite", "urlRewrite": {"hostname": "web.internal"}}
    assert filters(upstream_vhost="web.internal") == [rewrite]


def test_one_rewrite_for_the_host_and_the_path() -> None:
    [only] = rules(converted(ingress("shop", "/a", upstream_vhost="web", rewrite_target="/b")))["a"]["filters"]
    path = {"type": "ReplaceFullPath", "replaceFullPath": "/b"}
    assert only == {"type": "URLRewrite", "urlRewrite": {"path": path, "hostname": "web"}}


def test_the_prefix_that_backends_are_told() -> None:
    assert {
        "type": "RequestHeaderModifier",
        "requestHeaderModifier": {"set": [{"name": "X-Forwarded-Prefix", "value": "/shop"}]},
    } in filters(x_forwarded_prefix="/shop", rewrite_target="/x")


def test_where_the_path_stays_as_it_is_backends_are_told_no_prefix() -> None:
    done = converted(ingress("shop", "/x", "/y", x_forwarded_prefix="/shop", rewrite_target="/x"))
    told = [kind for rule in rules(done).values() for kind in [each["type"] for each in rule.get("filters", [])]]
    assert sorted(told) == ["RequestHeaderModifier", "URLRewrite"]
    assert "filters" not in rules(done)["x"]


def test_without_a_rewrite_backends_are_told_no_prefix() -> None:
    assert filters(x_forwarded_prefix="/shop") == []
    assert fates(converted(ingress(x_forwarded_prefix="/shop"))) == {"x-forwarded-prefix": Fidelity.EXACT}


@pytest.mark.parametrize(
    "annotation", [{"upstream_vhost": "$host"}, {"x_forwarded_prefix": "$uri", "rewrite_target": "/"}]
)
def test_variables_cannot_be_told(annotation: dict[str, str]) -> None:
    done = converted(ingress(**annotation))
    assert fates(done)[next(iter(annotation)).replace("_", "-")] is Fidelity.LOST
    assert "filters" not in rules(done)["root"]


SNIPPET = """
# who may frame it
more_set_headers "X-Frame-Options: DENY";
add_header X-A 'b c' always;
proxy_set_header X-Team shop;
"""


def test_lines_that_set_headers_are_read() -> None:
    done = converted(ingress(configuration_snippet=SNIPPET))
    assert {each["type"]: [*each.values()][1] for each in rules(done)["root"]["filters"]} == {
        "ResponseHeaderModifier": {
            "set": [{"name": "X-Frame-Options", "value": "DENY"}],
            "add": [{"name": "X-A", "value": "b c"}],
        },
        "RequestHeaderModifier": {"set": [{"name": "X-Team", "value": "shop"}]},
    }
    assert fates(done) == {"configuration-snippet": Fidelity.APPROXIMATE}


@pytest.mark.parametrize(
    "line",
    ["deny all;", "more_set_headers 'A: $host';", "if ($a) { return 401; }", "proxy_set_header A b; auth_basic x;"],
)
def test_any_other_line_may_be_a_protection(line: str) -> None:
    done = converted(ingress(configuration_snippet=line))
    assert fates(done)["configuration-snippet"] is Fidelity.LOST
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]


def test_lines_that_set_a_header_of_the_connection_are_told_and_close() -> None:
    done = converted(ingress(configuration_snippet='proxy_set_header Connection "close";'))
    assert "belongs to the connection" in message(done, "configuration-snippet")
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
