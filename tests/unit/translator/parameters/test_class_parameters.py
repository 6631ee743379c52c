from dataclasses import replace

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Autoscaled, External, Fixed, Parameters
from gatewayd.ir.limits import PROXY_REPLICAS
from gatewayd.store import Delta
from gatewayd.translator.parameters.class_parameters import (
    CLOSED,
    DEFAULT_BOUNDS,
    BadClassParameters,
    ClassParameters,
    beyond,
    class_parameters,
    read_class_parameters,
    within,
)
from gatewayd.translator.parameters.envoy_flags import FLAGS
from gatewayd.translator.parameters.keys import read_parameters
from tests.unit.translator.manifests import CLASS, scratch

DEFAULTS = ClassParameters(defaults=DEFAULT_PARAMETERS, bounds=DEFAULT_BOUNDS)


def pointing(ref: str) -> str:
    return CLASS.replace("controller}", f"controller, parametersRef: {ref}}}")


def of_class(**data: str) -> ClassParameters:
    read = read_class_parameters(data)
    assert isinstance(read, ClassParameters), read
    return read


def wrong(**data: str) -> str:
    read = read_class_parameters(data)
    assert isinstance(read, tuple)
    assert all(each.isprintable() for each in read)
    return "; ".join(read)


def choice(bounds: ClassParameters, **data: str) -> str:
    """Return what a Gateway's own parameters are told by its class, "" when they are within its bounds."""
    read = read_parameters(data, bounds.defaults)
    assert isinstance(read, Parameters), read
    return "; ".join(beyond(read, bounds))


def test_a_class_without_parameters_has_the_defaults() -> None:
    assert class_parameters(scratch(CLASS), "gatewayd") == DEFAULTS
    assert class_parameters(scratch(), "gatewayd") == DEFAULTS
    assert read_class_parameters({}) == DEFAULTS


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("{group: x.example, kind: Knobs, name: k}", ": kind x.example/Knobs is not supported; allowed: ConfigMap"),
        ("{group: '', kind: Secret, name: k, namespace: gatewayd-system}", ": kind Secret is not supported"),
        ("{group: '', kind: ConfigMap, name: k}", ".namespace: missing; allowed: gatewayd-system"),
        (
            "{group: '', kind: ConfigMap, name: k, namespace: shop}",
            ".namespace: shop is not where gatewayd runs; allowed: gatewayd-system",
        ),
        (
            "{group: '', kind: ConfigMap, name: k, namespace: gatewayd-system}",
            ': ConfigMap "gatewayd-system/k" does not exist',
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_said(ref: str, said: str) -> None:
    there = "{kind: ConfigMap, metadata: {name: k, namespace: shop}, data: {replicas: '7'}}"
    found = class_parameters(scratch(pointing(ref), there), "gatewayd")
    assert isinstance(found, BadClassParameters)
    assert found.why.startswith(f"spec.parametersRef{said}")


def test_parameters_stand_where_gatewayd_runs() -> None:
    here = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, namespace="edge-system"))
    ref = pointing("{group: '', kind: ConfigMap, name: k, namespace: edge-system}")
    there = "{kind: ConfigMap, metadata: {name: k, namespace: edge-system}, data: {replicas: '7', maxReplicas: '9'}}"
    found = class_parameters(scratch(ref, there, here), "gatewayd")
    assert isinstance(found, ClassParameters)
    assert found.defaults == replace(DEFAULT_PARAMETERS, scaling=Fixed(replicas=7))
    assert found.bounds == replace(DEFAULT_BOUNDS, max_replicas=9)


def test_what_is_wrong_is_said_all_at_once() -> None:
    ref = pointing("{group: '', kind: ConfigMap, name: k, namespace: gatewayd-system}")
    there = "{kind: ConfigMap, metadata: {name: k, namespace: gatewayd-system}, data: {replicas: many, nonsense: x}}"
    found = class_parameters(scratch(ref, there), "gatewayd")
    assert isinstance(found, BadClassParameters)
    assert found.why.startswith('spec.parametersRef: ConfigMap "gatewayd-system/k": data.nonsense: not known')
    assert 'data.replicas: "many" is not a whole number' in found.why


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("maxReplicas", "-1", "is not a whole number from 0 to 1000"),
        ("allowedImages", "[1]", '"1" is not known; allowed: images, and such as registry/name:* or registry/*'),
        ("allowedImages", "registry.example/envoy*", '"registry.example/envoy*" is not known'),
        ("allowedImages", "*:latest", '"*:latest" is not known'),
        ("allowedImages", "[a", "not YAML"),
        ("allowedWorkloads", "Deployment StatefulSet", '"StatefulSet" is not known; allowed: Deployment, DaemonSet'),
        ("allowedAnnotations", "a/b/c", '"a/b/c" is not known; allowed: keys of annotations'),
        ("allowedNodeLabels", "a*", '"a*" is not known'),
        ("allowedCode", "Lua Wasm", '"Wasm" is not known; allowed: Lua'),
        ("allowedExtraArgs", "--config-yaml", f'"--config-yaml" is not known; allowed: *, {", ".join(FLAGS)}'),
    ],
)
def test_a_bound_that_is_not_understood_is_said(key: str, text: str, said: str) -> None:
    told = wrong(**{key: text})
    assert told.startswith(f"data.{key}: ")
    assert said in told


def test_the_defaults_of_a_class_are_within_its_bounds() -> None:
    assert wrong(allowedWorkloads="DaemonSet").startswith("data.allowedWorkloads: the default Deployment is missing")
    assert wrong(maxReplicas="2", replicas="3") == (
        "data.maxReplicas: 2 is less than the default of 3; at least that is allowed"
    )
    assert wrong(maxReplicas="2", autoscaling="{min: 1, max: 3, cpu: 70}").startswith("data.maxReplicas: 2 is less")
    assert of_class(allowedWorkloads="DaemonSet", workload="DaemonSet").defaults.workload == "DaemonSet"


@pytest.mark.parametrize(
    "text", ["[a:1, b:2]", "a:1 b:2", "a:1, b:2", "- a:1\n- b:2\n", "a:1\nb:2\n", "'a:1',b:2"[1:].replace("'", "")]
)
def test_lists_are_yaml_or_words(text: str) -> None:
    assert of_class(allowedImages=text).bounds.images == ("a:1", "b:2")


def test_an_empty_list_allows_nothing() -> None:
    assert of_class(allowedImages="", allowedExtraArgs="[]", allowedCode="").bounds == DEFAULT_BOUNDS
    assert of_class(allowedCode="Lua").bounds == replace(DEFAULT_BOUNDS, code=("Lua",))


def test_only_our_image_and_no_flag_is_allowed_by_default() -> None:
    assert choice(DEFAULTS, image="evil.example/envoy:1") == (
        'data.image: "evil.example/envoy:1" is beyond what the GatewayClass allows; allowed: '
        + DEFAULT_PARAMETERS.image
    )
    assert choice(DEFAULTS, image=DEFAULT_PARAMETERS.image) == ""
    assert choice(DEFAULTS, extraArgs="[--log-level, debug]") == (
        "data.extraArgs: --log-level is beyond what the GatewayClass allows; allowed: none"
    )


@pytest.mark.parametrize(
    ("pattern", "image", "is_allowed"),
    [
        ("*", "evil.example/envoy:1", True),
        ("registry.example/envoy:1", "registry.example/envoy:1", True),
        ("registry.example/envoy:1", "registry.example/envoy:12", False),
        ("registry.example/envoy:1", "registry.example/envoy:1@sha256:0", False),
        ("registry.example/envoy", "registry.example/envoy:1", False),
        ("registry.example/envoy:*", "registry.example/envoy:1@sha256:0", True),
        ("registry.example/envoy:*", "registry.example/envoy:1/evil", False),
        ("registry.example/envoy:*", "registry.example/envoy-evil:1", False),
        ("registry.example/envoy:*", "registry.example/envoy:", False),
        ("registry.example/*", "registry.example/team/envoy:1", True),
        ("registry.example/*", "registry.example.evil/envoy:1", False),
        ("registry.example/team/*", "registry.example/team/../evil:1", False),
        ("registry.example:*", "registry.example:5000/evil", False),
    ],
)
def test_images_of_a_repository_or_below_it(pattern: str, image: str, *, is_allowed: bool) -> None:
    assert (choice(of_class(allowedImages=pattern), image=image) == "") is is_allowed


def test_replicas_have_a_most_however_they_are_asked_for() -> None:
    bounds = of_class(maxReplicas="3")
    assert choice(bounds, replicas="3") == ""
    assert choice(bounds, replicas="4") == (
        "data.replicas: 4 is beyond what the GatewayClass allows; allowed: at most 3"
    )
    assert choice(bounds, autoscaling="{min: 1, max: 4, cpu: 70}").startswith("data.autoscaling: 4 is beyond")
    assert choice(bounds, autoscaling="{min: 1, max: 3, cpu: 70}") == ""
    assert choice(bounds, replicas="external") == ""
    assert choice(DEFAULTS, replicas=str(PROXY_REPLICAS)) == ""
    assert choice(DEFAULTS, replicas=str(PROXY_REPLICAS + 1)) != ""


def test_workloads_are_those_of_the_class() -> None:
    assert choice(DEFAULTS, workload="DaemonSet") == ""
    assert choice(of_class(allowedWorkloads="Deployment"), workload="DaemonSet") == (
        "data.workload: DaemonSet is beyond what the GatewayClass allows; allowed: Deployment"
    )


def test_nodes_that_are_guarded_are_for_the_class_to_give() -> None:
    assert choice(DEFAULTS, nodeSelector="{disk: ssd}") == ""
    for key in ("node-role.kubernetes.io/control-plane", "node-restriction.kubernetes.io/team"):
        told = choice(DEFAULTS, nodeSelector=f"{{{key}: ''}}")
        assert told.startswith(f'data.nodeSelector: "{key}" is beyond what the GatewayClass allows; allowed: ')
        assert choice(of_class(allowedNodeLabels=key), nodeSelector=f"{{{key}: ''}}") == ""


def test_what_the_class_selects_stays_selected() -> None:
    bounds = of_class(nodeSelector="{edge: 'yes'}")
    told = choice(bounds, nodeSelector="{edge: 'no'}")
    assert told.startswith('data.nodeSelector: "edge" is beyond what the GatewayClass allows; allowed: edge=yes and ')
    own = read_parameters({"nodeSelector": "{rack: r1, disk: ssd}"}, bounds.defaults)
    assert isinstance(own, Parameters)
    assert beyond(own, bounds) == ()
    assert within(own, bounds.defaults).node_selector == (("disk", "ssd"), ("edge", "yes"), ("rack", "r1"))


def test_flags_are_those_that_the_class_lists_or_uses() -> None:
    bounds = of_class(allowedExtraArgs="--log-level", extraArgs="[--skip-deprecated-logs]")
    assert choice(bounds, extraArgs="[--log-level, debug, --skip-deprecated-logs]") == ""
    assert choice(bounds, extraArgs="[--service-zone, a, --log-level, debug]") == (
        "data.extraArgs: --service-zone is beyond what the GatewayClass allows; allowed: --log-level"
    )
    assert choice(of_class(allowedExtraArgs="*"), extraArgs="[--service-zone, a]") == ""


def test_while_the_class_cannot_be_read_only_the_defaults_are_allowed() -> None:
    closed = ClassParameters(defaults=DEFAULT_PARAMETERS, bounds=CLOSED)
    assert choice(closed) == ""
    assert choice(closed, replicas="2").startswith("data.replicas: 2 is beyond")
    assert choice(closed, workload="DaemonSet").startswith("data.workload: DaemonSet is beyond")


def test_defaults_of_every_key_come_from_the_class() -> None:
    found = of_class(replicas="external", image="registry.example/envoy:1", concurrency="2").defaults
    assert found == replace(DEFAULT_PARAMETERS, scaling=External(), image="registry.example/envoy:1", concurrency=2)
    assert of_class(networkPolicy="None").defaults == replace(DEFAULT_PARAMETERS, network_policy="None")
    found = of_class(autoscaling="{min: 1, max: 2, cpu: 50}").defaults
    assert found.scaling == Autoscaled(least=1, most=2, cpu=50)


def test_load_balancers_are_those_that_the_class_allows() -> None:
    bounds = of_class(loadBalancerClass="a.example/in", allowedLoadBalancerClasses="b.example/out")
    assert choice(bounds) == ""
    assert choice(bounds, loadBalancerClass="b.example/out") == ""
    told = choice(bounds, loadBalancerClass="c.example/x")
    assert told.startswith("data.loadBalancerClass: c.example/x is beyond what the GatewayClass allows")
    assert told.endswith("; allowed: a.example/in, b.example/out")
    assert choice(of_class(), loadBalancerClass="c.example/x").endswith("allowed: none")


def test_ranges_are_within_those_of_the_class() -> None:
    bounds = of_class(loadBalancerSourceRanges="[10.0.0.0/8]")
    assert choice(bounds, loadBalancerSourceRanges="[10.1.0.0/16]") == ""
    told = choice(bounds, loadBalancerSourceRanges="[0.0.0.0/0]")
    assert told.startswith("data.loadBalancerSourceRanges: 0.0.0.0/0 is beyond what the GatewayClass allows")
    assert told.endswith("; allowed: ranges within 10.0.0.0/8")


def test_where_pods_run_is_for_the_class_alone() -> None:
    read = of_class(
        tolerations="[{key: edge, operator: Exists}]", affinity="{nodeAffinity: {}}", priorityClassName="edge"
    )
    assert read.defaults.tolerations[0].key == "edge"
    assert read.defaults.affinity == '{"nodeAffinity": {}}'
    assert "[0]: not understood" in wrong(tolerations="[a]")
    assert "affinity: not YAML" in wrong(affinity="{")
    assert read.defaults.priority_class == "edge"
    assert "is no name of a PriorityClass" in wrong(priorityClassName="A")
    own = read_parameters({"tolerations": "[]", "affinity": "{}", "priorityClassName": "a"}, DEFAULT_PARAMETERS)
    assert isinstance(own, tuple)
    assert len(own) == 3
