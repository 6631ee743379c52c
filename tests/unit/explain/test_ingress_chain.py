from tests.unit.explain.chains import asked, bad, lines
from tests.unit.translator.ingress_manifests import CART_PORT, SERVED, WEB, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import SHOP

RULE = f"rules: [{{host: a.example, {paths('Prefix /cart')}}}]"


def test_an_ingress_that_works_has_no_bad_step() -> None:
    steps = asked("ingress/shop/web", SERVED, ingress(f"defaultBackend: {CART_PORT}, {RULE}"))

    assert bad(steps) == []
    assert lines(steps) == [
        "Ingress shop/web: generation 1",
        "  parent Gateway shop/gw: Accepted",
        "    listener http :80: hosts: a.example",
        "      proxies: 2 connected; the listener is acknowledged",
        "  rule 0, match 0: /cart and below: forwards",
        "    Service shop/cart:80, weight 1: 1 endpoint ready",
        "  default backend: any path: forwards",
        "    Service shop/cart:80, weight 1: 1 endpoint ready",
    ]


def test_what_it_refers_to_and_is_not_there_is_told() -> None:
    found = bad(asked("ingress/shop/web", SERVED, ingress(f"tls: [{{hosts: [a.example], secretName: s}}], {RULE}")))

    assert len(found) == 1
    assert found[0].startswith('ResolvedRefs: spec.tls[0].secretName: Secret "shop/s" does not exist')


def test_a_class_that_leads_nowhere_is_told() -> None:
    for world, says in (
        (SHOP, 'spec.ingressClassName: IngressClass "web" does not exist'),
        (f"{SHOP}---{WEB.replace('name: gw', 'name: gone')}", 'Gateway "shop/gone" does not exist'),
        (f"{SHOP}---{WEB.replace('gatewayd.io/', 'k8s.io/')}", 'IngressClass "web" is not of gatewayd'),
    ):
        [found] = bad(asked("ingress/shop/web", world, ingress(RULE)))
        assert says in found


def test_a_class_tells_its_gateway() -> None:
    assert lines(asked("ingressclass/web", SERVED, ingress(RULE))) == [
        "IngressClass web: gatewayd.io/ingress-controller",
        "  Gateway shop/gw: serves it",
        "  Ingresses: 1 of this class",
    ]
    for text, says in (
        (WEB.replace("name: gw", "name: gone"), 'Gateway "shop/gone" does not exist'),
        (WEB.replace("gatewayd.io/", "k8s.io/"), "is another controller's"),
    ):
        [found] = bad(asked("ingressclass/web", SHOP, text))
        assert says in found


def test_what_became_of_each_annotation_is_told() -> None:
    notes = noted(use_regex="true", auth_tls_secret="a", auth_realm="b")
    steps = asked("ingress/shop/web", annotated_class(), ingress(RULE, meta=notes))

    prefix = '  metadata.annotations["nginx.ingress.kubernetes.io/'
    told = [line.removeprefix(prefix) for line in lines(steps) if line.startswith(prefix)]
    assert [line.partition(": ")[2].partition(": ")[0] for line in told] == ["exact", "exact", "lost"]
    assert told[2].startswith('auth-tls-secret"]: lost: ')
    assert told[2].endswith("; all paths answer 500")
    assert "  annotations of ingress-nginx: read, strict" in lines(asked("ingressclass/web", annotated_class()))
