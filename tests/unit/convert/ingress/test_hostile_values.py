"""Values of annotations that nobody meant: none stops a conversion, and none takes the whole route with it."""

import pytest

from gatewayd.convert.fates import Fidelity
from gatewayd.translator.nginx.known import PROTECTING
from tests.unit.convert.ingresses import converted, fates, ingress, objects, rules
from tests.unit.translator.nginx.hostile import ALONE, CANARIES, DIGITS, HOSTILE, WITH


@pytest.mark.parametrize("name", [*ALONE, *WITH])
def test_an_ingress_is_there_whatever_one_of_its_annotations_says(name: str) -> None:
    said = {**WITH.get(name, {}), name.replace("-", "_"): ""}
    each_of = [{**said, name.replace("-", "_"): value} for value in HOSTILE]
    done = converted(*(ingress(f"i{at}", "/a", host=f"h{at}.test", **own) for at, own in enumerate(each_of)))
    assert objects(done, "HTTPRoute").keys() >= {f"shop/i{at}" for at in range(len(HOSTILE))}
    assert not [item for item in done.items if item.message.endswith("not written")]


@pytest.mark.parametrize("name", CANARIES)
def test_a_path_is_there_whatever_its_canary_says(name: str) -> None:
    said = {"canary": "true", "canary_by_header": "env", "canary_weight": "5"}
    each_of = [{**said, name.replace("-", "_"): value} for value in HOSTILE]
    stable = [ingress(f"i{at}", "/a", host=f"h{at}.test") for at in range(len(HOSTILE))]
    rivals = [ingress(f"c{at}", "/a", host=f"h{at}.test", **own) for at, own in enumerate(each_of)]
    done = converted(*stable, *(each.replace("name: web", "name: new") for each in rivals))
    assert objects(done, "HTTPRoute").keys() == {f"shop/i{at}" for at in range(len(HOSTILE))}


@pytest.mark.parametrize(
    "said",
    [
        {"whitelist_source_range": "10.0.0.1/255.0.0.0"},
        {"denylist_source_range": "fe80::1%eth0/64"},
        {"auth_type": "basic", "auth_secret": "a/b/c"},
        {"auth_url": "http://[::1"},
        {"auth_url": "http://web.shop.svc/a", "auth_response_headers": "a b"},
        {"configuration_snippet": "more_set_headers 'x: a\nb';"},
    ],
)
def test_a_protection_that_nobody_would_take_closes(said: dict[str, str]) -> None:
    done = converted(ingress(**said))
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    assert Fidelity.LOST in fates(done).values()
    assert "backendRefs" not in rules(done)["root"]


def test_readers_of_protections_are_known() -> None:
    assert {each.__name__ for each in PROTECTING} == {"addresses", "passwords", "external", "snippet"}


def test_what_is_said_twice_counts_once() -> None:
    done = converted(ingress(whitelist_source_range="10.0.0.0/8,10.0.0.0/8"))
    [policy] = objects(done, "AccessPolicy").values()
    assert policy["spec"]["default"]["clients"]["allow"] == [{"cidr": "10.0.0.0/8"}]


def test_weights_of_more_than_a_million_keep_their_part() -> None:
    said = {"canary": "true", "canary_weight": "1000000", "canary_weight_total": "4000000"}
    done = converted(ingress(), ingress("canary", **said).replace("name: web", "name: new"))
    assert [each["weight"] for each in rules(done)["root"]["backendRefs"]] == [750_000, 250_000]


def test_a_port_of_thousands_of_digits_is_a_name() -> None:
    old = (
        "{apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: {name: old, namespace: shop, annotations:"
        " {kubernetes.io/ingress.class: nginx}}, spec: {backend: {serviceName: web, servicePort: '"
    )
    assert fates(converted(f"{old}{DIGITS}'}}}}}}"))["spec.defaultBackend.service.port.name"] is Fidelity.LOST
