"""What other converters were reported for, and what is seen in their code: each is a row of docs/convert.md."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.cli.verification import verified
from gatewayd.convert.conversion import Conversion
from gatewayd.convert.fates import Fidelity
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted, fates, ingress, matched, objects, rules, tls

PAGE = Path(__file__).parents[3] / "docs" / "convert.md"
_ROW = re.compile(r"^\| ([ISP]\d+) \|", re.MULTILINE)
DEFAULT = {"defaultBackend": {"service": {"name": "rest", "port": {"number": 80}}}}


def canary(*paths: str, **annotations: str) -> str:
    return ingress("canary", *paths, **{"canary": "true", **annotations}).replace("name: web", "name: new")


def gateways(done: Conversion) -> int:
    return len(objects(done, "Gateway"))


def backends(done: Conversion, route: str = "shop/shop") -> dict[str, list[tuple[str, int]]]:
    return {
        name: [(ref["name"], ref.get("weight", 1)) for ref in rule.get("backendRefs", [])]
        for name, rule in rules(done, route).items()
    }


def section(done: Conversion, kind: str) -> Any:
    [policy] = objects(done, kind).values()
    return policy["spec"]["default"]


def i411() -> bool:
    done = converted(ingress("shop", "/old/(.*)", rewrite_target="/api/$1"))
    [rewrite] = objects(done, "RouteFilter").values()
    return bool(rewrite["spec"]["pathRewrite"]["substitution"] == r"/api/\1")


def i174() -> bool:
    done = converted(ingress("shop", "/a", "/b"))
    return backends(done) == {"a": [("web", 1)], "b": [("web", 1)]}


def i102() -> bool:
    done = converted(ingress("a", "/x"), ingress("b", "/x"))
    return backends(done, "shop/a") == {"x": [("web", 1)]} and "shop/b" not in objects(done, "HTTPRoute")


def i154() -> bool:
    done = converted(ingress("shop", "/a", "/b/[0-9]+", use_regex="true"))
    return {each.partition(" ")[0] for each in matched(done)} == {"RegularExpression"} and not done.is_lossy


def i117() -> bool:
    klass = (
        "{apiVersion: networking.k8s.io/v1, kind: IngressClass, spec: {controller: k8s.io/ingress-nginx},"
        " metadata: {name: outer, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}}"
    )
    done = converted(klass, ingress(class_name="", spec=tls("shop.example")))
    return "shop/shop-to-https" in objects(done, "HTTPRoute")


def p335() -> bool:
    done = converted(ingress(spec={"rules": [{"host": "shop.example"}], **DEFAULT}))
    return backends(done) == {"root": [("rest", 1)]}


def p377() -> bool:
    done = converted(ingress("a", "/a", "/b", proxy_read_timeout="70"), ingress("b", "/c", proxy_read_timeout="80"))
    policies = objects(done, "RoutePolicy")
    return [policies[name]["spec"]["default"]["timeouts"]["streamIdle"] for name in ("shop/a", "shop/b")] == [
        "70s",
        "80s",
    ]


def p344() -> bool:
    texts = (ingress("a", "= /a.b"), ingress("b", "/c", use_regex="true"), ingress("t", "/t", backend_protocol="HTTPS"))
    done = converted(*texts)
    compared = verified(parse_file("a.yaml", "\n---\n".join(texts).encode()).documents, done.objects)
    in_order = tuple(sorted(done.items)) == done.items
    return s9() and compared.differences == () and bool(objects(done, "BackendTLSPolicy")) and in_order


def s2() -> bool:
    hosts = [f"h{at:03}.example" for at in range(70)]
    done = converted(*(ingress(f"i{at:03}", host=host, spec=tls(host)) for at, host in enumerate(hosts)))
    sizes = [len(each["spec"]["listeners"]) for each in objects(done, "ListenerSet").values()]
    return sizes == [64, 6] and not done.is_lossy


def s3() -> bool:
    done = converted(ingress("shop", *(f"/p{at}" for at in range(40))))
    return [len(each["spec"]["rules"]) for each in objects(done, "HTTPRoute").values()] == [16, 16, 8]


def s5() -> bool:
    done = converted(ingress(host="", spec=tls("shop.example")))
    [route] = objects(done, "HTTPRoute").values()
    return "hostnames" not in route["spec"] and route["spec"]["parentRefs"][1]["sectionName"] == "http"


def s6() -> bool:
    both = {
        "rules": [{"host": host, "http": {"paths": []}} for host in ("a.example", "b.example")],
        "tls": [{"hosts": [f"{name}.example"], "secretName": name} for name in "ab"],
    }
    [found] = objects(converted(ingress(spec={**both, **DEFAULT})), "ListenerSet").values()
    return [each["tls"]["certificateRefs"] for each in found["spec"]["listeners"]] == [[{"name": "a"}], [{"name": "b"}]]


def s8() -> bool:
    timeouts = section(converted(ingress(proxy_read_timeout="3600")), "RoutePolicy")["timeouts"]
    return bool(timeouts == {"streamIdle": "3600s"})


def s9() -> bool:
    done = converted(ingress("a", "= /a.b"), ingress("b", "/c", use_regex="true"))
    return matched(done, "shop/a") == ["RegularExpression (?i)/a.b.*"]


def s11() -> bool:
    done = converted(ingress(auth_url="https://login.example"))
    return "backendRefs" not in rules(done)["root"] and fates(done)["auth-url"] is Fidelity.LOST


def s12() -> bool:
    broken = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: b}, spec: {rules: 1}}"
    return list(objects(converted(broken, ingress()), "HTTPRoute")) == ["shop/shop"]


def weight_zero() -> bool:
    return backends(converted(ingress(), canary(canary_weight="0"))) == {"root": [("web", 1)]}


CASES: Final[Mapping[str, Callable[[], bool]]] = {
    "I411": i411,
    "I174": i174,
    "I214": lambda: bool(objects(converted(ingress(class_name="outer-nginx")), "HTTPRoute")),
    "I211": lambda: bool(objects(converted(ingress(class_name="kong-external")), "HTTPRoute")),
    "I117": i117,
    "I232": lambda: all(
        converted(ingress(**{name: "x"})).items for name in ("server_snippet", "affinity", "auth_realm")
    ),
    "I266": lambda: fates(converted(ingress(backend_protocol="HTTPS"))) == {"backend-protocol": Fidelity.MANUAL},
    "I154": i154,
    "I102": i102,
    "I136": weight_zero,
    "I6": lambda: (
        backends(converted(ingress(), canary(canary_weight="1", canary_weight_total="1000")))
        == {"root": [("web", 999), ("new", 1)]}
    ),
    "I122": lambda: len(objects(converted(ingress("a", "/a"), ingress("b", "/b")), "HTTPRoute")) == 2,
    "I143": lambda: not converted("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").items,
    "I272": lambda: fates(converted(ingress(rewrite_target="/x"))) == {"rewrite-target": Fidelity.EXACT},
    "P401": lambda: matched(converted(ingress("shop", "/a", rewrite_target="/x"))) == ["RegularExpression (?i)/a.*"],
    "P251": lambda: (
        backends(converted(ingress("shop", "/a", "/b"), canary("/a", canary_weight="10")))
        == {"a": [("web", 90), ("new", 10)], "b": [("web", 1)]}
    ),
    "P374": lambda: (
        backends(converted(ingress("a", "/a"), ingress("other", "/b", canary="false")), "shop/other")
        == {"b": [("web", 1)]}
    ),
    "P365": lambda: all(
        match["path"]["value"] == "/a"
        for rule in rules(converted(ingress("shop", "/a"), canary("/a", canary_by_header="env"))).values()
        for match in rule["matches"]
    ),
    "P375": lambda: (
        section(converted(ingress(proxy_body_size="1m")), "RoutePolicy") == {"body": {"maxBytes": 1_048_576}}
    ),
    "P377": p377,
    "P378": lambda: all(
        len(each["tls"]["certificateRefs"]) == 1
        for found in objects(converted(ingress(spec=tls("shop.example"))), "ListenerSet").values()
        for each in found["spec"]["listeners"]
    ),
    "P302": lambda: not converted(ingress(spec=tls("shop.example"))).is_lossy,
    "P335": p335,
    "P357": lambda: (
        list(objects(converted(ingress().replace("  namespace: shop\n", "")), "HTTPRoute")) == ["default/shop"]
    ),
    "P344": p344,
    "S1": lambda: gateways(converted(ingress("a", namespace="a"), ingress("b", "/b", namespace="b"))) == 1,
    "S2": s2,
    "S3": s3,
    "S4": lambda: gateways(converted(ingress(spec={"rules": [], **DEFAULT}))) == 1,
    "S5": s5,
    "S6": s6,
    "S7": lambda: "headers" in rules(converted(ingress(host="*.shop.example")))["root"]["matches"][0],
    "S8": s8,
    "S9": s9,
    "S10": lambda: (
        list(objects(converted(ingress(), canary(canary="True", canary_weight="5")), "HTTPRoute")) == ["shop/shop"]
    ),
    "S11": s11,
    "S12": s12,
}


@pytest.mark.parametrize("case", CASES)
def test_the_fault_is_not_there(case: str) -> None:
    assert CASES[case]()


def test_the_page_has_a_row_for_each() -> None:
    assert _ROW.findall(PAGE.read_text(encoding="utf-8")) == list(CASES)
