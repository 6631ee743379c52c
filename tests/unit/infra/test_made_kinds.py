from gatewayd.infra.made_kinds import BY_NAME, MADE_KINDS, MOUNTED, WORKLOADS
from gatewayd.infra.objects import objects
from gatewayd.ir.infrastructure import Autoscaled
from gatewayd.translator.parameters.keys import WORKLOADS as WORKLOADS_TO_CHOOSE
from tests.unit.infra.gateways import EDGE, FILES, with_parameters


def test_every_object_that_is_made_has_a_row() -> None:
    rows = {(each.api_version, each.kind) for each in MADE_KINDS}
    daemon_set = with_parameters(workload="DaemonSet")
    scaled = with_parameters(scaling=Autoscaled(least=1, most=2, cpu=70))
    made = {
        (each["apiVersion"], each["kind"]) for which in (EDGE, daemon_set, scaled) for each in objects(which, FILES)
    }
    assert rows == made | {("v1", "Secret")}


def test_each_kind_has_one_row() -> None:
    assert len(BY_NAME) == len(MADE_KINDS) == len({(made.group, made.plural) for made in MADE_KINDS})


def test_a_plural_is_that_of_its_kind() -> None:
    for made in MADE_KINDS:
        assert made.plural in (f"{made.kind.lower()}s", f"{made.kind.lower()[:-1]}ies")


def test_pods_are_of_workloads_that_may_be_chosen_and_run_with_what_is_mounted() -> None:
    assert set(WORKLOADS_TO_CHOOSE) == WORKLOADS
    spec = next(each for each in objects(EDGE, FILES) if each["kind"] in WORKLOADS)["spec"]["template"]["spec"]
    sources = {kind for volume in spec["volumes"] for kind in ("configMap", "secret") if kind in volume}
    assert {kind.lower() for kind in MOUNTED} == {kind.lower() for kind in sources} | {"serviceaccount"}


def test_a_document_begins_with_version_and_kind() -> None:
    assert BY_NAME["Deployment"].head == {"apiVersion": "apps/v1", "kind": "Deployment"}
    assert BY_NAME["Secret"].head == {"apiVersion": "v1", "kind": "Secret"}
