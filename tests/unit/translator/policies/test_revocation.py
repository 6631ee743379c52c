"""Revocation lists: what is read of the objects that a policy names, and what is said when it cannot be."""

import base64
from typing import Any

import pytest

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.tls import RevocationLists
from gatewayd.translator.contents import Content
from gatewayd.translator.policies.effective import ChainKey, Effective, ScopedTarget, effective
from gatewayd.translator.policies.revocation import contents, listed_in, revocation, revocation_problems
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.protocols import GATEWAY_KIND
from tests.unit.policies import policy, target
from tests.unit.translator import pem
from tests.unit.translator.manifests import delta, scratch

CHAIN = (ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), ""),)
LIST = pem.revoked_by(pem.ec_key(), "one", 7)
MORE = pem.revoked_by(pem.ec_key(1), "two")


def of_kind(kind: str, name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "data": data}


def configmap(text: bytes = LIST, key: str = "ca.crl") -> dict[str, Any]:
    return of_kind("ConfigMap", "crl", **{key: text.decode()})


SECRET = of_kind("Secret", "more", **{"ca.crl": base64.b64encode(MORE).decode()})


def world(*documents: dict[str, Any], **given: Any) -> tuple[Scratch, Effective, ClientPolicy]:
    return of_section({"revocation": {"lists": [{"name": "crl"}], **given}}, *documents)


def of_section(section: dict[str, Any], *documents: dict[str, Any]) -> tuple[Scratch, Effective, ClientPolicy]:
    row = delta(policy("ClientPolicy", "a", target("Gateway", "gw"), default={"clientCertificate": section}))
    view = scratch(row, *map(delta, documents))
    assert isinstance(row.obj, ClientPolicy)
    return view, effective(view, ChainKey(ClientPolicy, CHAIN)), row.obj


def test_lists_of_all_objects_in_their_order() -> None:
    view, sections, row = world(configmap(), SECRET, lists=[{"name": "crl"}, {"kind": "Secret", "name": "more"}])
    assert revocation(view, sections) == RevocationLists(
        name="configmap/shop/crl+secret/shop/more", lists=LIST + MORE, whole_chain=True
    )
    assert list(revocation_problems(view, row)) == []
    assert [str(each.key) for each in contents(row)] == ["shop/crl", "shop/more"]


def test_of_the_clients_own_certificate_alone() -> None:
    view, sections, _ = world(configmap(), checks="Certificate")
    assert revocation(view, sections) == RevocationLists(name="configmap/shop/crl:leaf", lists=LIST, whole_chain=False)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ((), 'ConfigMap "shop/crl" does not exist'),
        (
            (configmap(key="ca.crt"),),
            'ConfigMap "shop/crl" has no ca.crl; PEM revocation lists of a CA are needed there',
        ),
        ((configmap(b"nonsense"),), 'ConfigMap "shop/crl" has no PEM revocation list under ca.crl'),
    ],
)
def test_what_cannot_be_had_is_said(documents: tuple[dict[str, Any], ...], message: str) -> None:
    view, sections, row = world(*documents)
    assert revocation(view, sections) == Unsupported(f"revocation.lists[0]: {message}")
    assert list(revocation_problems(view, row)) == [f"spec.default.clientCertificate.revocation.lists[0]: {message}"]


def test_a_secret_without_lists_has_none() -> None:
    view, _, _ = world(of_kind("Secret", "odd"))
    assert "has no ca.crl" in str(listed_in(view, Content("Secret", ObjectKey("shop", "odd"))))


def test_without_the_section_nothing_is_asked() -> None:
    view, _, _ = world()
    assert revocation(view, Effective(overrides=(), defaults=())) is None


def test_a_section_without_lists_has_none() -> None:
    view, sections, row = of_section({"hashes": ["a" * 64]})
    assert [each.section for each in sections.defaults] == ["client_certificate"]
    assert revocation(view, sections) is None
    assert (list(revocation_problems(view, row)), list(contents(row))) == ([], [])
