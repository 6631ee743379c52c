from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.proxy import L4Traffic
from gatewayd.store import Delta
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.filter_chains import port
from gatewayd.translator.proxies.server_names import server_names
from tests.unit.translator.ingress_manifests import WEB, ingress, paths
from tests.unit.translator.manifests import CART, CLASS, GW, member, scratch
from tests.unit.translator.pem import bundle, certificate_of, ec_key, good_secret

LISTENERS = """
kind: Gateway
metadata: {name: gw, namespace: shop, generation: 1}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: https
    port: 443
    protocol: HTTPS
    allowedRoutes: {namespaces: {from: All}}
    tls: {certificateRefs: [{name: edge}]}
  - name: own
    port: 443
    protocol: HTTPS
    hostname: own.example
    allowedRoutes: {namespaces: {from: All}}
    tls: {certificateRefs: [{name: edge}]}
"""


def tls(host: str, name: str = "cert") -> str:
    return f"tls: [{{hosts: ['{host}'], secretName: {name}}}], rules: [{{host: '{host}', {paths('Prefix /')}}}]"


def world(*more: str | Delta) -> Scratch:
    return scratch(CLASS, CART, WEB, LISTENERS, good_secret("edge"), good_secret("cert"), *more)


def chains(view: Scratch) -> dict[tuple[str, ...], list[str]]:
    """Return the names of certificates by the server names that they are shown for."""
    of_port = port(view, PortKey(GW, "tcp", 443))
    return {
        chain.server_names: [each.name for each in chain.tls.certificates]
        for chain in of_port.chains  # type: ignore[union-attr]
        if chain.tls is not None
    }


def test_an_ingress_adds_a_chain_for_its_host_and_changes_no_other() -> None:
    before = chains(world())

    after = chains(world(ingress(tls("a.example"))))

    assert before == {(): ["shop/edge"], ("own.example",): ["shop/edge"]}
    assert after == {**before, ("a.example",): ["shop/cert"]}


def test_all_chains_of_a_listener_have_its_table() -> None:
    of_port = port(world(ingress(tls("a.example"))), PortKey(GW, "tcp", 443))

    tables = {chain.name: chain.traffic.table.listener for chain in of_port.chains}  # type: ignore[union-attr]
    assert tables == {"https": "https", "https/a.example": "https", "own": "own"}


def test_what_a_listener_asks_of_clients_is_asked_at_every_name() -> None:
    validation = "{caCertificateRefs: [{group: '', kind: ConfigMap, name: roots}]}"
    frontend = f"  tls: {{frontend: {{default: {{validation: {validation}}}}}}}\n  listeners:"
    asking = LISTENERS.replace("  listeners:", frontend)
    secrets = (good_secret("edge"), good_secret("cert"), bundle("roots", certificate_of(ec_key())))
    of_port = port(scratch(CLASS, CART, WEB, asking, *secrets, ingress(tls("a.example"))), PortKey(GW, "tcp", 443))

    trusts = {chain.name: chain.tls and chain.tls.client for chain in of_port.chains}  # type: ignore[union-attr]
    assert trusts["https/a.example"] is not None
    assert len(set(trusts.values())) == 1


def test_the_name_of_a_listener_keeps_its_certificate() -> None:
    view = world(ingress(tls("own.example")))

    assert chains(view)[("own.example",)] == ["shop/edge"]
    assert [name.hostname for name in server_names(view, member("Ingress", "shop/web"))] == ["own.example"]


def test_the_oldest_ingress_with_a_good_certificate_has_the_name() -> None:
    younger = ingress(tls("a.example"), name="a-younger", meta="creationTimestamp: '2026-01-01T00:00:00Z'")
    broken = ingress(tls("a.example", "gone"), name="older", meta="creationTimestamp: '2020-01-01T00:00:00Z'")
    older = ingress(tls("a.example", "edge"), name="older", meta="creationTimestamp: '2020-01-01T00:00:00Z'")

    assert chains(world(younger, older))[("a.example",)] == ["shop/edge"]
    assert chains(world(younger, broken))[("a.example",)] == ["shop/cert"]


def test_a_host_that_a_route_of_another_namespace_had_first_keeps_the_certificate_of_the_listener() -> None:
    route = """
kind: HTTPRoute
metadata: {name: r, namespace: %s, creationTimestamp: '%s'}
spec: {parentRefs: [{name: gw, namespace: shop}], hostnames: [a.example], rules: [{}]}
"""
    own = ingress(tls("a.example"), meta="creationTimestamp: '2022-01-01T00:00:00Z'")
    for namespace, created, shown in (
        ("bank", "2020-01-01T00:00:00Z", False),
        ("bank", "2026-01-01T00:00:00Z", True),
        ("shop", "2020-01-01T00:00:00Z", True),
    ):
        assert (("a.example",) in chains(world(own, route % (namespace, created)))) is shown


def test_entries_without_hosts_are_for_those_of_the_rules() -> None:
    spec = tls("a.example").replace("hosts: ['a.example'], ", "")

    assert chains(world(ingress(spec)))[("a.example",)] == ["shop/cert"]


def test_an_entry_without_a_secret_leaves_the_certificate_to_the_listener() -> None:
    assert chains(world(ingress(tls("a.example").replace(", secretName: cert", "")))) == chains(world())


def test_a_listener_may_have_the_certificates_of_ingresses_alone() -> None:
    bare = LISTENERS.replace(
        "    tls: {certificateRefs: [{name: edge}]}\n  - name: own", f"    tls: {OPTION}\n  - name: own"
    )
    view = scratch(CLASS, CART, WEB, bare, good_secret("edge"), good_secret("cert"), ingress(tls("a.example")))

    assert chains(view) == {("own.example",): ["shop/edge"], ("a.example",): ["shop/cert"]}
    of_port = port(view, PortKey(GW, "tcp", 443))
    [rest] = [each for each in of_port.chains if each.tls is None]  # type: ignore[union-attr]
    assert (rest.name, rest.server_names, rest.traffic) == ("https", (), L4Traffic(action=L4Refuse()))


OPTION = "{mode: Terminate, options: {gatewayd.io/certificates: ingress}}"
