import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Table
from gatewayd.translator.mesh.unserved import unserved_fields
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import policy

CASES = (
    (AccessPolicy, "default: {basic: {secretRef: {name: s}}}", ["spec.default.basic"], True),
    (AccessPolicy, "default: {oidc: {mode: Disabled}}", [], False),
    (AccessPolicy, "override: {authorization: {allow: [{methods: [GET]}]}}", [], False),
    (RoutePolicy, "override: {lua: {inline: x}}", ["spec.override.lua"], True),
    (
        RoutePolicy,
        "default: {globalLimits: {limits: [{name: a, requests: 1, unit: Hour}]}}",
        ["spec.default.globalLimits"],
        False,
    ),
    (ReportPolicy, "default: {sampling: {rate: {numerator: 1}}}", ["spec.default.sampling"], False),
)


@pytest.mark.parametrize(("table", "sections", "paths", "closes"), CASES)
def test_what_cannot_be_had_is_named_by_its_field(
    table: Table, sections: str, paths: list[str], *, closes: bool
) -> None:
    view = scratch(policy(table.__name__, sections))
    row = view.get(table, member(table.__name__, "shop/p").key)
    found = tuple(unserved_fields(row))
    assert [path for path, _ in found] == paths
    assert [each.closes for _, each in found] == [closes] * len(paths)
    assert all("; allowed for a Service: " in each.why for _, each in found)
