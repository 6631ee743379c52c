from gatewayd.ir.conditions import RESOLVED_REFS
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.outcome import IngressOutcome
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.outcomes.ingresses import ingress_outcome
from tests.unit.translator.ingress_manifests import SERVED, WEB, ingress, paths
from tests.unit.translator.manifests import SHOP, brief, member, message, scratch
from tests.unit.translator.pem import good_secret
from tests.unit.translator.proxies.test_server_names import tls, world

FOLDER = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
PLAIN = f"rules: [{{host: a.example, {paths('Prefix /')}}}]"


def outcome(*sources: str | Delta) -> IngressOutcome:
    found = ingress_outcome(scratch(*sources), member("Ingress", "shop/web"))
    assert found is not None
    return found


def test_an_ingress_that_is_served_has_the_addresses_of_its_gateway() -> None:
    found = outcome(SERVED, FOLDER, ingress(PLAIN))

    [parent] = found.parents
    assert (parent.ref.kind, parent.ref.namespace, parent.ref.name) == ("Gateway", "shop", "gw")
    assert brief(parent.verdicts) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}
    assert [each.value for each in found.addresses] == ["127.0.0.1"]


def test_an_ingress_of_another_class_is_not_spoken_of() -> None:
    other = WEB.replace("gatewayd.io/ingress-controller", "k8s.io/other")

    assert ingress_outcome(scratch(SHOP, other, ingress(PLAIN)), member("Ingress", "shop/web")) is None
    assert ingress_outcome(scratch(SHOP, ingress(PLAIN)), member("Ingress", "shop/web")) is None


def test_a_class_that_leads_nowhere_is_told() -> None:
    for text, why in (
        (WEB.replace("name: gw", "name: gone"), 'Gateway "shop/gone" does not exist'),
        (WEB, 'Gateway "shop/gw" is not of gatewayd'),
    ):
        shop = SHOP.replace("gatewayClassName: gatewayd", "gatewayClassName: another")
        found = outcome(shop, text, FOLDER, ingress(PLAIN))

        [parent] = found.parents
        assert (parent.ref.kind, parent.ref.name) == ("IngressClass", "web")
        assert brief(parent.verdicts)["Accepted"] == "!InvalidParameters"
        assert why in message(parent.verdicts, "Accepted")
        assert found.addresses == ()


def resolved(spec: str, *more: str) -> str:
    found = ingress_outcome(
        world(ingress(spec, meta="creationTimestamp: '2024-01-01T00:00:00Z'"), *more), member("Ingress", "shop/web")
    )
    assert found is not None
    return message(found.all_verdicts, RESOLVED_REFS)


def test_certificates_are_told_of() -> None:
    assert resolved(tls("a.example")) == ""
    assert resolved(tls("a.example", "gone")).startswith('spec.tls[0].secretName: Secret "shop/gone"')
    assert resolved(tls("own.example")) == "spec.tls: own.example is served with the certificate of listener own"


def test_two_ingresses_with_one_secret_are_fine_and_the_loser_of_two_is_told() -> None:
    old = "creationTimestamp: '2020-01-01T00:00:00Z'"

    assert resolved(tls("a.example"), ingress(tls("a.example"), name="a")) == ""
    assert resolved(tls("a.example"), good_secret("else"), ingress(tls("a.example", "else"), name="a", meta=old)) == (
        'spec.tls: a.example is served with the certificate of Ingress "shop/a", which is older'
    )


def test_tls_without_a_listener_for_it_is_told() -> None:
    found = outcome(SERVED, good_secret("cert"), ingress(tls("a.example")))

    assert message(found.all_verdicts, RESOLVED_REFS) == (
        'spec.tls[0].hosts: Gateway "shop/gw" has no HTTPS listener for a.example'
    )
