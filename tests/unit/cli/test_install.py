import pytest
import yaml
from typer.testing import CliRunner

from gatewayd.api.kinds import ENVOY_GATEWAY_KINDS
from gatewayd.cli.install import app, default_image

RUNNER = CliRunner()


def test_it_prints_a_manifest() -> None:
    result = RUNNER.invoke(app, ["--print"])
    assert result.exit_code == 0
    documents = list(yaml.safe_load_all(result.stdout))
    assert documents[0]["metadata"]["name"] == "gatewayd-system"
    deployment = next(each for each in documents if each["kind"] == "Deployment")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == default_image()


def test_what_is_asked_for_is_printed() -> None:
    arguments = ["--print", "--namespace", "edge", "--replicas", "5", "--image", "r/g:2", "--log-level", "error"]
    result = RUNNER.invoke(app, arguments)
    documents = {each["kind"]: each for each in yaml.safe_load_all(result.stdout)}
    assert documents["Namespace"]["metadata"]["name"] == "edge"
    assert documents["Deployment"]["spec"]["replicas"] == 5
    container = documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "r/g:2"
    assert {"name": "GATEWAYD_LOG_LEVEL", "value": "error"} in container["env"]


def test_a_route_discovery_is_a_variable_of_the_control_plane() -> None:
    assert "GATEWAYD_ROUTE_DISCOVERY" not in RUNNER.invoke(app, ["--print"]).stdout
    printed = RUNNER.invoke(app, ["--print", "--route-discovery", "host"]).stdout
    assert "- name: GATEWAYD_ROUTE_DISCOVERY\n          value: host\n" in printed


def test_envoy_gateways_kinds_are_read_where_that_is_asked_for() -> None:
    assert "envoyproxy" not in RUNNER.invoke(app, ["--print"]).stdout
    printed = RUNNER.invoke(app, ["--print", "--envoy-gateway-kinds"]).stdout
    documents = {each["kind"]: each for each in yaml.safe_load_all(printed)}
    container = documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GATEWAYD_ENVOY_GATEWAY_KINDS", "value": "true"} in container["env"]
    rules = [each for each in documents["ClusterRole"]["rules"] if "gateway.envoyproxy.io" in each["apiGroups"]]
    assert {resource: tuple(each["verbs"]) for each in rules for resource in each["resources"]} == {
        **{kind.plural: (("get",) if kind.statused else ()) + ("list", "watch") for kind in ENVOY_GATEWAY_KINDS},
        **{f"{kind.plural}/status": ("patch",) for kind in ENVOY_GATEWAY_KINDS if kind.statused},
    }


def test_a_member_needs_an_account_and_nothing_else() -> None:
    printed = RUNNER.invoke(app, ["--print", "--member", "shop, payments,shop", "--namespace", "edge"]).stdout
    documents = list(yaml.safe_load_all(printed))
    assert [(each["kind"], each["metadata"].get("namespace", "")) for each in documents] == [
        ("Namespace", ""),
        ("ServiceAccount", "edge"),
        ("Secret", "edge"),
        ("Role", "shop"),
        ("RoleBinding", "shop"),
        ("Role", "payments"),
        ("RoleBinding", "payments"),
    ]
    result = RUNNER.invoke(app, ["--print", "--member", "shop,*"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no name of a namespace" in result.stderr


def test_nothing_is_done_without_print() -> None:
    result = RUNNER.invoke(app, [])
    assert result.exit_code == 2
    assert "--print" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [["--namespace", "A_b"], ["--replicas", "0"], ["--log-level", "loud"], ["--route-discovery", "guess"]],
)
def test_nonsense_is_refused(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, ["--print", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
