from collections.abc import Mapping

import pytest

from gatewayd.api.core import Namespace, Secret
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey, ObjectMeta, Problem
from gatewayd.manifests.admission import (
    NAME_LABEL,
    AdmissionRules,
    Admitted,
    Identity,
    Ignored,
    Reason,
    RefusedObject,
    Strictness,
    admit,
    with_generation,
)
from gatewayd.manifests.foreign import Foreign
from tests.unit.envoy_gateway import foreign

GATEWAY_API = "gateway.networking.k8s.io/v1"


def route(**metadata: object) -> dict[str, object]:
    return {"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": metadata, "spec": {}}


def admitted(document: Mapping[str, object]) -> Admitted:
    verdict = admit(document)
    assert isinstance(verdict, Admitted), verdict
    return verdict


def refused(document: Mapping[str, object]) -> RefusedObject:
    verdict = admit(document)
    assert isinstance(verdict, RefusedObject), verdict
    return verdict


def test_what_only_a_server_sets_is_dropped_and_the_namespace_filled_in() -> None:
    document = route(
        name="shop",
        generation=7,
        resourceVersion="8",
        uid="9",
        managedFields=[{}],
        creationTimestamp=None,
        labels={"a": "b"},
    )
    verdict = admitted({**document, "status": {"parents": "nonsense"}})
    assert verdict.identity == Identity("HTTPRoute", ObjectKey("default", "shop"))
    assert isinstance(verdict.obj, HTTPRoute)
    assert verdict.obj.metadata == ObjectMeta(name="shop", namespace="default", generation=1, labels={"a": "b"})


def test_the_creation_time_of_a_file_is_kept() -> None:
    verdict = admitted(route(name="shop", namespace="a", creationTimestamp="2024-01-01T00:00:00Z"))
    assert verdict.obj.metadata.creation_timestamp == "2024-01-01T00:00:00Z"
    assert str(verdict.identity) == "HTTPRoute a/shop"


def test_a_namespace_has_no_namespace_and_is_labelled_with_its_name() -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "a", "namespace": "b", "labels": {"c": "d"}},
    }
    verdict = admitted(document)
    assert verdict.identity == Identity("Namespace", ObjectKey("", "a"))
    assert isinstance(verdict.obj, Namespace)
    assert verdict.obj.metadata.labels == {"c": "d", NAME_LABEL: "a"}
    assert verdict.obj.metadata.namespace == ""


def test_string_data_becomes_data() -> None:
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"k": "v"}}
    obj = admitted(document).obj
    assert isinstance(obj, Secret)
    assert obj.data == {"k": "dg=="}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"kind": "HTTPRoute", "metadata": {"name": "a"}}, "apiVersion"),
        ({"apiVersion": GATEWAY_API, "metadata": {"name": "a"}}, "kind"),
        ({"apiVersion": GATEWAY_API, "kind": 3, "metadata": {"name": "a"}}, "kind"),
        ({"apiVersion": GATEWAY_API, "kind": "HTTPRoute"}, "metadata"),
        ({"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": []}, "metadata"),
        (route(), "metadata.name"),
        (route(name=""), "metadata.name"),
        (route(name=3), "metadata.name"),
        (route(generateName="a-"), "metadata.name"),
        (route(name="a", namespace=3), "metadata.namespace"),
    ],
)
def test_a_document_that_does_not_say_which_object_it_is(document: Mapping[str, object], path: str) -> None:
    verdict = refused(document)
    assert verdict.identity is None
    assert [problem.path for problem in verdict.problems] == [path]


def test_the_wrong_group_of_a_known_kind_is_a_mistake() -> None:
    assert refused({**route(name="a"), "apiVersion": "v1"}).problems == (
        Problem(path="apiVersion", message='HTTPRoute is not in "v1"; allowed is "gateway.networking.k8s.io/v1"'),
    )
    assert refused({**route(name="a"), "apiVersion": "networking.k8s.io/v1"}).identity is None


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("apps/v1", "Deployment"), ("networking.istio.io/v1", "Gateway"), ("serving.dev/v1", "Service")],
)
def test_kinds_of_others_are_ignored(api_version: str, kind: str) -> None:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
    group = api_version.partition("/")[0]
    foreign = Foreign(group=group, kind=kind, key=ObjectKey("", "a"), targets=())
    assert admit(document) == Ignored(what=f"{kind} a of {api_version}", foreign=foreign)


@pytest.mark.parametrize("document", [{}, {"services": {"web": {}}}])
def test_what_is_no_kubernetes_object_is_ignored(document: Mapping[str, object]) -> None:
    assert isinstance(admit(document), Ignored)


def test_a_bad_object_is_refused_by_name() -> None:
    verdict = refused({**route(name="a"), "spec": {"hostnames": [3]}})
    assert verdict.identity == Identity("HTTPRoute", ObjectKey("default", "a"))
    assert [problem.path for problem in verdict.problems] == ["spec.hostnames[0]"]


@pytest.mark.parametrize(
    ("api_version", "kind", "advice"),
    [
        (GATEWAY_API, "GrpcRoute", "did you mean GRPCRoute?"),
        (GATEWAY_API, "HttpRoute", "did you mean HTTPRoute?"),
        (GATEWAY_API, "Gatway", "did you mean Gateway?"),
        ("v1", "Servce", "did you mean Service?"),
        ("gatewayd.io/v1alpha1", "AccesPolicy", "did you mean AccessPolicy?"),
    ],
)
def test_a_misspelt_kind_of_a_known_group_is_refused(api_version: str, kind: str, advice: str) -> None:
    verdict = refused({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}})
    assert verdict.subject == f"{kind} b/a"
    (flaw,) = verdict.flaws
    assert flaw.reason is Reason.UNKNOWN_KIND
    assert (flaw.problem.path, flaw.problem.message.endswith(advice)) == ("kind", True)


@pytest.mark.parametrize("api_version", ["gateway.networking.k8s.oi/v1", "gateway.networking.x-k8s.io/v1"])
def test_a_misspelt_group_of_a_known_kind_is_refused(api_version: str) -> None:
    (flaw,) = refused({**route(name="a"), "apiVersion": api_version}).flaws
    assert flaw.problem.message == f'HTTPRoute is not in "{api_version}"; allowed is "{GATEWAY_API}"'


def test_pods_are_no_mistake() -> None:
    assert isinstance(admit({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}), Ignored)


def test_a_misspelt_field_refuses_its_object() -> None:
    verdict = refused({**route(name="a"), "spec": {"rules": [{"backendRef": []}], "hostnames": [3]}})
    assert verdict.identity == Identity("HTTPRoute", ObjectKey("default", "a"))
    assert [str(flaw.problem) for flaw in verdict.flaws] == [
        'spec.rules[0].backendRef: unknown field; did you mean "backendRefs"?',
        "spec.hostnames[0]: must be a string, not an integer",
    ]
    assert [flaw.reason for flaw in verdict.flaws] == [Reason.UNKNOWN_FIELD, Reason.FIELD]


def test_a_field_of_newer_crds_may_be_let_pass_and_a_slip_may_not() -> None:
    newer = {**route(name="a"), "spec": {"wormhole": True}}
    assert isinstance(admit(newer), RefusedObject)
    verdict = admit(newer, AdmissionRules(strictness=Strictness.WARN))
    assert isinstance(verdict, Admitted)
    assert [flaw.problem.path for flaw in verdict.notes] == ["spec.wormhole"]
    assert isinstance(
        admit({**route(name="a"), "spec": {"hostname": []}}, AdmissionRules(strictness=Strictness.WARN)), RefusedObject
    )


def test_an_alpha_version_is_noted_where_a_stable_one_is_served() -> None:
    document = {
        "apiVersion": "gateway.networking.k8s.io/v1alpha2",
        "kind": "TCPRoute",
        "metadata": {"name": "a"},
        "spec": {"rules": [{"backendRefs": [{"name": "b", "port": 1}]}]},
    }
    (flaw,) = admitted(document).notes
    assert flaw.reason is Reason.OLD_VERSION
    assert str(flaw.problem).startswith("apiVersion: v1alpha2 is an old version of TCPRoute")


def test_the_generation_is_replaced() -> None:
    assert with_generation(admitted(route(name="a")).obj, 4).metadata.generation == 4


def test_envoy_gateways_kinds_are_read_where_that_is_asked_for() -> None:
    document = foreign("SecurityPolicy", "a", nobody={"knows": "this"})
    assert isinstance(admit(document), Ignored)
    verdict = admit(document, AdmissionRules(envoy_gateway_kinds=True))
    assert isinstance(verdict, Admitted)
    assert verdict.identity == Identity("SecurityPolicy", ObjectKey("shop", "a"))
