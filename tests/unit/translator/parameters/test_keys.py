from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.ir import limits
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Autoscaled, External, Fixed, Parameters, Resources
from gatewayd.translator.parameters.keys import read_parameters
from gatewayd.translator.parameters.readers import LONGEST

WHOLE = {
    "workload": "Deployment",
    "replicas": "3",
    "image": "registry.example.com:5000/envoy@sha256:0123",
    "serviceType": "NodePort",
    "externalTrafficPolicy": "Local",
    "internalTrafficPolicy": "Local",
    "ipFamilyPolicy": "PreferDualStack",
    "nodeSelector": "kubernetes.io/os: linux\nedge: ''\n",
    "resources": "requests: {cpu: 0.5, memory: 64Mi}\nlimits: {memory: 1Gi, cpu: 2}\n",
    "concurrency": "2",
    "extraArgs": "[--component-log-level, 'upstream:debug']",
    "accessLog": "off",
    "maxRouteMatches": "500",
    "maxNamespaceBytes": "100000000",
}

TAGS = (
    "bool",
    "timestamp",
    "int",
    "float",
    "null",
    "binary",
    "set",
    "omap",
    "pairs",
    "map",
    "seq",
    "str",
    "merge",
    "value",
)
"""All types of YAML 1.1: https://yaml.org/type/."""


def problems(**data: str) -> tuple[str, ...]:
    read = read_parameters(data, DEFAULT_PARAMETERS)
    assert isinstance(read, tuple)
    return read


def test_nothing_set_is_the_default() -> None:
    assert read_parameters({}, DEFAULT_PARAMETERS) == DEFAULT_PARAMETERS


def test_everything_can_be_set() -> None:
    assert read_parameters(WHOLE, DEFAULT_PARAMETERS) == Parameters(
        workload="Deployment",
        scaling=Fixed(replicas=3),
        image="registry.example.com:5000/envoy@sha256:0123",
        service_type="NodePort",
        external_traffic_policy="Local",
        internal_traffic_policy="Local",
        ip_family_policy="PreferDualStack",
        node_selector=(("edge", ""), ("kubernetes.io/os", "linux")),
        resources=Resources(
            requests=(("cpu", "0.5"), ("memory", "64Mi")),
            limits=(("cpu", "2"), ("memory", "1Gi")),
        ),
        concurrency=2,
        extra_args=("--component-log-level", "upstream:debug"),
        network_policy="Managed",
        logged=None,
        route_matches=500,
        route_expressions=limits.ROUTE_REGEXES,
        route_bytes=limits.ROUTE_BYTES,
        namespace_matches=limits.NAMESPACE_RULES,
        namespace_expressions=limits.NAMESPACE_REGEXES,
        namespace_bytes=100000000,
    )


def test_what_is_left_out_has_its_default() -> None:
    assert read_parameters({"replicas": "2"}, DEFAULT_PARAMETERS) == replace(
        DEFAULT_PARAMETERS, scaling=Fixed(replicas=2)
    )
    assert read_parameters({"resources": "{}"}, DEFAULT_PARAMETERS) == replace(
        DEFAULT_PARAMETERS, resources=Resources(requests=(), limits=())
    )


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("workload", "StatefulSet", '"StatefulSet" is not known; allowed: Deployment, DaemonSet'),
        ("replicas", "many", '"many" is not a whole number from 0 to 1000'),
        ("replicas", "-1", '"-1" is not a whole number from 0 to 1000'),
        ("replicas", "9" * 5000, "is not a whole number from 0 to 1000"),
        ("replicas", "\u0663", "is not a whole number"),
        ("image", "", '"" is no image reference; allowed: registry/name:tag or registry/name@digest'),
        ("image", "envoy; rm", "is no image reference"),
        ("image", "envoy\n", '"envoy\\n" is no image reference'),
        ("serviceType", "ExternalName", "allowed: LoadBalancer, NodePort, ClusterIP"),
        ("externalTrafficPolicy", "local", "allowed: Cluster, Local"),
        ("internalTrafficPolicy", "local", "allowed: Cluster, Local"),
        ("ipFamilyPolicy", "Dual", "allowed: SingleStack, PreferDualStack, RequireDualStack"),
        ("loadBalancerClass", "a b", "such as example.com/internal is allowed"),
        ("loadBalancerSourceRanges", "[10.0.0.1]", "[0]: is no address range"),
        ("loadBalancerSourceRanges", "[10.0.0.1/8]", "[0]: is no address range"),
        ("loadBalancerSourceRanges", "[]", "a list of 1 to 128 ranges"),
        ("allocateLoadBalancerNodePorts", "yes", "allowed: true, false"),
        ("nodeSelector", "[a]", "a list is not allowed; a map of label keys to values is"),
        ("nodeSelector", "", "nothing is not allowed"),
        ("nodeSelector", "{edge: true}", "edge: True is no label value; a string of at most 63 characters is allowed"),
        ("nodeSelector", "{a b: c}", '"a b" is no label key; allowed: [prefix/]name of at most 63 characters'),
        ("resources", "cpu: 1", "a map with requests and limits is allowed"),
        ("resources", "requests: 1", "requests: a number is not allowed; a map of cpu, memory, ephemeral-storage is"),
        ("resources", "requests: {gpu: 1}", 'requests: "gpu" is not known; allowed: cpu, memory, ephemeral-storage'),
        ("resources", "limits: {cpu: lots}", 'limits.cpu: "lots" is no quantity; allowed are such as 100m, 0.5, 128Mi'),
        ("resources", "limits: {cpu: yes}", "limits.cpu: True is no quantity"),
        ("resources", "limits: {cpu: .inf}", "limits.cpu: inf is no quantity"),
        (
            "resources",
            "{requests: {memory: 1Gi}, limits: {memory: 1000M}}",
            "requests.memory: 1Gi is more than the limit; at most 1000M is allowed",
        ),
        ("replicas", "External", '"External" is not a whole number from 0 to 1000, and not external'),
        ("autoscaling", "3", "not understood; a map with min, max and cpu is allowed"),
        ("autoscaling", "{min: 1, max: 2}", "not understood; a map with min, max and cpu is allowed"),
        ("autoscaling", "{min: 0, max: 2, cpu: 70}", "min: 0 is not a whole number from 1 to 1000"),
        ("autoscaling", "{min: 1, max: 1001, cpu: 70}", "max: 1001 is not a whole number from 1 to 1000"),
        ("autoscaling", "{min: 1, max: 2, cpu: 70%}", 'cpu: "70%" is not a whole number from 1 to 1000'),
        ("autoscaling", "{min: 1, max: 2, cpu: true}", "cpu: True is not a whole number from 1 to 1000"),
        ("autoscaling", "{min: 1, max: 2, cpu: %s}" % ("9" * 2000), "is not a whole number from 1 to 1000"),
        ("autoscaling", "{min: 3, max: 2, cpu: 70}", "min: 3 is more than max; at most 2 is allowed"),
        ("concurrency", "1.5", "is not a whole number from 0 to 1024"),
        ("extraArgs", "--log-level debug", "a string is not allowed; a list of arguments is"),
        ("extraArgs", "[--base-id, 1]", '[0]: "--base-id" is not allowed; allowed: --component-log-level, '),
        ("extraArgs", "[--log-level, 1]", "[1]: not a string; put it in quotes"),
        ("extraArgs", "[{a: b}]", "[0]: not a string"),
        ("extraArgs", "['']", '[0]: "" is not allowed'),
        ("extraArgs", "['--config-yaml {admin: {}}']", '[0]: "--config-yaml {admin: {}}" is not allowed'),
        ("extraArgs", "{", "not YAML; see https://yaml.org/spec/"),
        ("extraArgs", "!!python/object/apply:os.system [id]", "not YAML"),
        ("extraArgs", "!!bool x", "not YAML"),
        ("extraArgs", "!!timestamp x", "not YAML"),
        ("extraArgs", "!!int ''", "not YAML"),
        ("extraArgs", "!!float ''", "not YAML"),
        ("extraArgs", "x" * (LONGEST + 1), "4097 characters; at most 4096 are allowed"),
        ("networkPolicy", "None", "not known; allowed: workload, "),
        ("maxReplicas", "9", "not known; allowed: workload, "),
        ("color", "red", "not known; allowed: workload, replicas, autoscaling, image, "),
    ],
)
def test_what_is_wrong_is_said(key: str, text: str, said: str) -> None:
    (problem,) = problems(**{key: text})
    assert problem.startswith(f"data.{key}: ")
    assert said in problem
    assert len(problem) < 400
    assert problem.isprintable()


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert [each.split(":", 1)[0] for each in problems(workload="x", replicas="y", colour="z")] == [
        "data.colour",
        "data.replicas",
        "data.workload",
    ]


def test_a_daemon_set_has_no_replicas() -> None:
    (problem,) = problems(workload="DaemonSet", replicas="2")
    assert problem.startswith("data.replicas: a DaemonSet has one pod on each node")
    assert isinstance(read_parameters({"workload": "DaemonSet"}, DEFAULT_PARAMETERS), Parameters)


def test_the_number_of_pods_can_be_left_to_somebody_else() -> None:
    read = read_parameters({"replicas": "external"}, DEFAULT_PARAMETERS)
    assert read == replace(DEFAULT_PARAMETERS, scaling=External())
    read = read_parameters({"autoscaling": "{min: 2, max: 5, cpu: 70}"}, DEFAULT_PARAMETERS)
    assert read == replace(DEFAULT_PARAMETERS, scaling=Autoscaled(least=2, most=5, cpu=70))


def test_autoscaling_needs_pods_to_count_and_cpu_to_count_by() -> None:
    scaled = "{min: 2, max: 5, cpu: 70}"
    (problem,) = problems(autoscaling=scaled, workload="DaemonSet")
    assert problem.startswith("data.autoscaling: a DaemonSet has one pod on each node")
    (problem,) = problems(autoscaling=scaled, replicas="2")
    assert problem.startswith("data.autoscaling: replicas says how many pods there are")
    (problem,) = problems(autoscaling=scaled, resources="requests: {memory: 1Gi}")
    assert problem.startswith("data.autoscaling: counts in percent of resources.requests.cpu")
    limited = {"autoscaling": scaled, "resources": "limits: {cpu: 1}"}
    assert isinstance(read_parameters(limited, DEFAULT_PARAMETERS), Parameters)


def test_what_is_left_out_is_as_the_class_says() -> None:
    of_class = replace(DEFAULT_PARAMETERS, scaling=Fixed(replicas=4), concurrency=8)
    assert read_parameters({"concurrency": "1"}, of_class) == replace(of_class, concurrency=1)
    daemons = replace(of_class, workload="DaemonSet")
    assert isinstance(read_parameters({"replicas": "1"}, daemons), tuple)


def test_a_cluster_ip_has_no_external_traffic() -> None:
    (problem,) = problems(serviceType="ClusterIP", externalTrafficPolicy="Local")
    assert problem.startswith("data.externalTrafficPolicy: a ClusterIP Service has no external traffic")


@pytest.mark.parametrize(
    ("less", "more"),
    [("999m", "1"), ("1023", "1Ki"), ("1k", "1Ki"), ("1e3", "1.1k"), ("1500u", "2m"), ("1E", "1Ei"), ("5e-1", "501m")],
)
def test_quantities_are_compared_by_what_they_mean(less: str, more: str) -> None:
    def resources(request: str, limit: str) -> str:
        return f"{{requests: {{cpu: '{request}'}}, limits: {{cpu: '{limit}'}}}}"

    assert isinstance(read_parameters({"resources": resources(less, more)}, DEFAULT_PARAMETERS), Parameters)
    assert isinstance(read_parameters({"resources": resources(more, more)}, DEFAULT_PARAMETERS), Parameters)
    assert len(problems(resources=resources(more, less))) == 1


@pytest.mark.parametrize("key", ["nodeSelector", "resources", "extraArgs"])
def test_yaml_that_expands_or_nests_without_end_is_refused_quickly(key: str) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    )
    for text in (bomb, "[" * LONGEST, "{a: " * 1000):
        (problem,) = problems(**{key: text})
        assert len(problem) < 250


@pytest.mark.parametrize("key", ["nodeSelector", "resources", "extraArgs"])
@pytest.mark.parametrize(
    "text",
    [
        *(f"!!{tag} {value}" for tag in TAGS for value in ("x", '""', "[]", "{}", "[x]", "{x: 1}", "1", "2020-13-40")),
        *(f"{{a: !!{tag} x}}" for tag in TAGS),
        *(f"{{!!{tag} x: y}}" for tag in TAGS),
        "!unknown x",
        "!<tag:example.com,2020:x> {}",
        "!!python/object/apply:os.system [exit]",
        "!!python/name:os.system",
        "? [a]\n: b",
        "? {a: b}\n: c",
        "<<: x",
        "<<: [x]",
        "{<<: {<<: 1}}",
        "*nobody",
        "&a [*a]",
        "\x00",
        "\ud800",
        "[" * 2000,
        "0x" + "F" * 4000,
        "[0x" + "F" * 4000 + "]",
        "{limits: {cpu: 0x" + "F" * 4000 + "}}",
        "{limits: {cpu: 1:1:1:1:1:1:1:1}}",
        "{limits: {cpu: .nan, memory: .inf}}",
        "{0x" + "F" * 4000 + ": a}",
    ],
)
def test_any_yaml_is_parameters_or_a_message(key: str, text: str) -> None:
    read = read_parameters({key: text}, DEFAULT_PARAMETERS)
    assert isinstance(read, Parameters) or all(each.startswith(f"data.{key}: ") for each in read)


@settings(max_examples=300)
@given(st.sampled_from(["nodeSelector", "resources", "extraArgs", "replicas", "image"]), st.text(max_size=60))
def test_any_text_is_parameters_or_a_message(key: str, text: str) -> None:
    for written in (text, f"!!{text}", f"{{limits: {{cpu: {text}}}}}"):
        assert isinstance(read_parameters({key: written}, DEFAULT_PARAMETERS), Parameters | tuple)


def test_what_is_said_of_a_load_balancer() -> None:
    data = {
        "loadBalancerClass": "example.com/internal",
        "loadBalancerSourceRanges": "[10.0.0.0/8, '2001:db8::/32', 10.0.0.0/8]",
        "allocateLoadBalancerNodePorts": "false",
    }
    read = read_parameters(data, DEFAULT_PARAMETERS)
    assert isinstance(read, Parameters)
    assert (read.load_balancer_class, read.node_ports) == ("example.com/internal", False)
    assert read.source_ranges == ("10.0.0.0/8", "2001:db8::/32")
    assert len(problems(serviceType="NodePort", **data)) == 3


def test_a_class_that_keeps_people_out_is_not_gone_round_by_ports_of_nodes() -> None:
    of_class = replace(DEFAULT_PARAMETERS, source_ranges=("10.0.0.0/8",))
    read = read_parameters({"serviceType": "NodePort"}, of_class)
    assert isinstance(read, tuple)
    assert read[0].startswith("data.serviceType: nodes let everybody in")
    assert isinstance(read_parameters({"serviceType": "ClusterIP"}, of_class), Parameters)
