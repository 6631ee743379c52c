from typing import get_args

import pytest

from gatewayd.api.reportpolicy import AccessLogSection, LogField
from gatewayd.ir.access_log import FIELDS
from gatewayd.translator.parameters.access_log import USUAL
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge")


def test_sections_are_read() -> None:
    section = {"fields": ["usual", "query"], "minStatus": 400, "minDuration": "1s"}
    made = accepted(policy("ReportPolicy", "a", EDGE, default={"accessLog": section}))
    assert made.spec.default.access_log == AccessLogSection(
        fields=("usual", "query"), min_status=400, min_duration="1s"
    )


def test_the_fields_are_those_that_proxies_know() -> None:
    assert get_args(LogField) == (USUAL, *FIELDS)


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"fields": ["cookie"]}, "spec.default.accessLog.fields[0]"),
        ({"fields": ["time", "time"]}, "spec.default.accessLog.fields[1]"),
        ({"minStatus": 99}, "spec.default.accessLog.minStatus"),
        ({"minDuration": "1 day"}, "spec.default.accessLog.minDuration"),
        ({"write": "Some"}, "spec.default.accessLog.write"),
        ({"sinks": [{"type": "Syslog"}]}, "spec.default.accessLog.sinks[0].type"),
        ({"withHeaders": [{"name": "a b"}]}, "spec.default.accessLog.withHeaders[0].name"),
        ({"withHeaders": [{"name": "a"}, {"name": "a"}]}, "spec.default.accessLog.withHeaders[1]"),
    ],
)
def test_bounds(section: dict[str, object], path: str) -> None:
    found = problems(policy("ReportPolicy", "a", EDGE, default={"accessLog": section}))
    assert [each.partition(":")[0] for each in found] == [path]


@pytest.mark.parametrize(
    ("at", "path"),
    [
        (target("HTTPRoute", "cart"), "spec.targetRefs[0].kind"),
        (target("Namespace"), "spec.targetRefs[0].kind"),
        (target("ListenerSet", "more"), "spec.targetRefs[0].kind"),
        (target("Gateway", "edge", "http"), "spec.targetRefs[0].sectionName"),
    ],
)
def test_a_log_is_of_whole_proxies(at: dict[str, str], path: str) -> None:
    found = problems(policy("ReportPolicy", "a", at, default={"accessLog": {"minStatus": 500}}))
    assert [each.partition(":")[0] for each in found] == [path]
