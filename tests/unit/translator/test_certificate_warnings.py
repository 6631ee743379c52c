from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import GatewayOutcome, ListenerOutcome, Verdict
from gatewayd.run.clock import time_is
from gatewayd.translator import verdicts
from gatewayd.translator.certificate_warnings import time_warning, warned
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES, gateway_outcome
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GW, deltas, message, scratch

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRET = ObjectKey("shop", "cert")
AGO, LATER = NOW - timedelta(days=400), NOW + timedelta(days=400)


def gateway(hostname: str = "shop.example", refs: str = "{name: cert}") -> str:
    return f"""
kind: Gateway
metadata: {{name: gw, namespace: shop}}
spec:
  gatewayClassName: gatewayd
  tls: {{backend: {{clientCertificateRef: {{name: cert}}}}}}
  listeners:
  - {{name: https, port: 443, protocol: HTTPS, hostname: "{hostname}", tls: {{certificateRefs: [{refs}]}}}}
"""


def cert(name: str = "cert", host: str = "shop.example", begins: datetime = AGO, ends: datetime = LATER) -> str:
    chain = pem.certificate_of(pem.ec_key(), host, begins=begins, ends=ends)
    return pem.secret(name, chain, pem.pem_of(pem.ec_key()))


def listener(*texts: str) -> ListenerOutcome:
    said = gateway_outcome(scratch(CLASS, *texts, time_is(NOW)), Member(Gateway, GW))
    assert isinstance(said, GatewayOutcome)
    return said.listeners[0]


def said(*texts: str) -> str:
    """Return what ResolvedRefs says, which must be good."""
    found = listener(*texts)
    (verdict,) = (each for each in found.verdicts if each.type == "ResolvedRefs")
    assert (verdict.status, verdict.reason) == (True, "ResolvedRefs")
    return verdict.message


def test_of_a_good_certificate_nothing_is_said() -> None:
    assert said(gateway(), cert()) == ""


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (AGO, NOW - timedelta(seconds=1), "ended at 2026-05-01T11:59:59Z and is served still"),
        (AGO, NOW - timedelta(days=300), "ended at 2025-07-05T12:00:00Z and is served still"),
        (NOW + timedelta(hours=1), LATER, "is not valid before 2026-05-01T13:00:00Z and is served already"),
        (AGO, NOW + timedelta(days=29, hours=23), "ends at 2026-05-31T11:00:00Z; put a new one into the Secret"),
        (AGO, NOW + timedelta(days=30), ""),
        (AGO, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), ""),
        (datetime(1950, 1, 1, tzinfo=UTC), datetime(1950, 1, 2, tzinfo=UTC), "ended at 1950-01-02T00:00:00Z"),
    ],
)
def test_what_time_says(begins: datetime, ends: datetime, words: str) -> None:
    found = said(gateway(), cert(begins=begins, ends=ends))
    assert words in found
    assert bool(found) == bool(words)
    if words:
        assert found.startswith('spec.listeners[0].tls: Secret "shop/cert": its certificate ')


def test_the_listener_goes_on_whatever_is_said() -> None:
    found = listener(gateway(), cert(ends=NOW - timedelta(days=1)))
    assert [(each.type, each.status) for each in found.verdicts] == [
        (each.type, each.status) for each in listener(gateway(), cert()).verdicts
    ]


def test_without_a_time_nothing_is_said_of_time() -> None:
    assert time_warning(scratch(cert(ends=NOW - timedelta(days=1))), SECRET) == ""
    assert time_warning(scratch(time_is(NOW)), SECRET) == ""


@pytest.mark.parametrize(
    ("hostname", "name", "good"),
    [
        ("shop.example", "shop.example", True),
        ("shop.example", "Shop.Example", True),
        ("shop.example", "*.example", True),
        ("a.shop.example", "*.shop.example", True),
        ("*.shop.example", "*.shop.example", True),
        ("shop.example", "other.example", False),
        ("a.b.example", "*.example", False),
        ("shop.example", "*.shop.example", False),
        ("*.shop.example", "shop.example", False),
        ("*.shop.example", "a.shop.example", False),
        ("*.shop.example", "*.example", False),
    ],
)
def test_names(hostname: str, name: str, good: bool) -> None:  # noqa: FBT001
    found = said(gateway(hostname), cert(host=name))
    told = f"spec.listeners[0].tls: no certificate is for {hostname}; they are for {name}"
    assert found == ("" if good else told)


def test_one_certificate_for_the_name_is_enough() -> None:
    refs = "{name: other}, {name: cert}"
    assert said(gateway(refs=refs), cert(), cert("other", "other.example")) == ""


def test_a_listener_for_all_names_is_for_any() -> None:
    assert said(gateway("").replace('hostname: "", ', ""), cert(host="other.example")) == ""


def test_what_is_wrong_besides_is_said_with_it() -> None:
    found = listener(gateway(refs="{name: nobody}, {name: cert}"), cert(host="x.example", ends=NOW))
    text = message(found.verdicts, "ResolvedRefs")
    assert text.startswith('spec.listeners[0].tls.certificateRefs[0]: Secret "shop/nobody" does not exist; ')
    assert "ends at" in text
    assert "no certificate is for shop.example" in text


def test_the_certificate_that_backends_see_is_spoken_of_too() -> None:
    made = gateway_outcome(
        scratch(CLASS, gateway(), cert(ends=NOW - timedelta(days=1)), time_is(NOW)), Member(Gateway, GW)
    )
    assert made is not None
    assert message(made.verdicts, "ResolvedRefs").startswith("spec.tls.backend.clientCertificateRef: Secret")


def test_warnings_go_into_the_message_of_a_verdict() -> None:
    assert warned(verdicts.resolved(), "spec.x", ()) is verdicts.resolved()
    bad = Verdict(type="ResolvedRefs", status=False, reason="R", message="is absent")
    assert warned(bad, "spec.x", ("a", "b")) == replace(bad, message="is absent; spec.x: a; spec.x: b")


def test_an_hour_costs_one_question_for_each_certificate_and_nothing_else() -> None:
    engine = Engine(INDEXES, OUTPUTS)

    def step(moment: datetime) -> GatewayOutcome:
        row = time_is(moment)
        engine.put(row.kind, row.key, row.obj)
        engine.settle()
        engine.runs.clear()
        for output in (each for each in OUTPUTS if not each.on_demand):
            found = {change.member.table: change.value for change in engine.drain(output)}
            if output is OUTCOMES:
                outcome: GatewayOutcome = found[Gateway]
        return outcome

    for each in deltas(CLASS, gateway(), cert(ends=NOW + timedelta(days=40))):
        engine.put(each.kind, each.key, each.obj)
    first = step(NOW)
    assert step(NOW + timedelta(hours=1)) is first
    assert dict(engine.runs) == {"time_warning": 1}
    later = step(NOW + timedelta(days=11))
    assert dict(engine.runs) == {"time_warning": 1, "gateway_outcome": 1}
    assert "ends at" in message(later.listeners[0].verdicts, "ResolvedRefs")
