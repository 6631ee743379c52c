from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.ingresses import NoGateway, class_gateway, class_name, class_parents, is_ours, rule_hosts
from tests.unit.translator.ingress_manifests import SERVED, WEB, ingress, paths
from tests.unit.translator.manifests import GW, SHOP, scratch

RULE = f"rules: [{{{paths('Prefix /')}}}]"
FOLDER = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))


def row(view: View, name: str = "web") -> Ingress:
    found = view.get(Ingress, ObjectKey("shop", name))
    assert found is not None
    return found


def test_a_class_of_ours_leads_to_its_gateway() -> None:
    view = scratch(SERVED, ingress(RULE))

    assert class_gateway(view, "web") == GW
    assert is_ours(view, row(view))
    assert [(ref.namespace, ref.name) for ref in class_parents(view, row(view))] == [GW]


def test_a_class_of_another_controller_is_not_ours() -> None:
    view = scratch(SHOP, WEB.replace("gatewayd.io/ingress-controller", "k8s.io/ingress-nginx"), ingress(RULE))

    assert class_gateway(view, "web") is None
    assert class_gateway(view, "unknown") is None
    assert not is_ours(view, row(view))
    assert class_parents(view, row(view)) == ()


def told(of_class: str) -> str:
    gateway = class_gateway(scratch(SHOP, of_class), "web")
    assert isinstance(gateway, NoGateway)
    return gateway.message.removeprefix('IngressClass "web" spec.parameters')


def test_what_is_wrong_with_parameters_is_told() -> None:
    [parameters] = [line.strip() for line in WEB.splitlines() if "parameters" in line]
    cluster = "parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: gw}"
    assert told(WEB.replace(parameters, "")).startswith(": is missing")
    assert told(WEB.replace("kind: Gateway,", "kind: Bucket,")) == (
        ": kind gateway.networking.k8s.io/Bucket is not supported; allowed: gateway.networking.k8s.io/Gateway"
    )
    assert told(WEB.replace(parameters, cluster)) == ".scope: must be Namespace, with the Gateway's namespace"
    assert told(WEB.replace("name: gw", "name: gone")) == ': Gateway "shop/gone" does not exist'


def test_a_class_is_named_by_the_field_or_by_the_annotation() -> None:
    note = 'annotations: {kubernetes.io/ingress.class: "old"}'
    without = ingress(RULE, meta=note).replace("ingressClassName: web, ", "")
    view = scratch(SERVED, ingress(RULE, name="both", meta=note), without)

    assert class_name(view, row(view, "both")) == "web"
    assert class_name(view, row(view)) == "old"


def test_in_a_folder_the_default_class_is_for_those_that_name_none() -> None:
    default = 'metadata: {name: web, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}'
    marked = WEB.replace("metadata: {name: web}", default)
    unnamed = ingress(RULE).replace("ingressClassName: web, ", "")
    second = marked.replace("name: web,", "name: second,")
    for sources, name in (
        ((FOLDER, marked), "web"),
        ((FOLDER, WEB), None),
        ((FOLDER, marked, second), None),
        ((Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), marked), None),
    ):
        view = scratch(SHOP, unnamed, *sources)
        assert class_name(view, row(view)) == name


def test_hosts_are_those_of_the_rules() -> None:
    hosts = "rules: [{host: a.example}, {host: '*.b.example'}, {host: a.example}]"
    view = scratch(ingress(hosts), ingress(RULE, name="any"))

    assert rule_hosts(row(view)) == ("a.example", "*.b.example")
    assert rule_hosts(row(view, "any")) == ("*",)
