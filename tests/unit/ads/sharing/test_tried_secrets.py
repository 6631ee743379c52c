"""Which Secrets go together."""

from gatewayd.ads.sharing.tried_secrets import TriedSecrets
from gatewayd.xds.resource import SECRET, Resources, resource

A, B, C, CA = "certificate/a", "certificate/b", "certificate/c", "trust/ca"


def target(*names: str, edition: str = "1") -> Resources:
    return {name: resource(SECRET, name, f"{name} {edition}".encode()) for name in names}


def test_bundles_go_first_and_certificates_alone_until_they_were_taken() -> None:
    tried, wanted = TriedSecrets(), target(A, B, C, CA)
    assert tried.next((A, B, CA), wanted) == (CA,)
    assert tried.next((A, B, C), wanted) == (A,)
    tried.taken((A,), wanted)
    tried.taken((B,), wanted)
    assert tried.next((A, B, C), wanted) == (A, B)
    assert tried.next((C,), wanted) == (C,)
    assert tried.next((A, C), target(A, C, edition="2")) == (A,)


def test_removals_have_nothing_to_be_refused() -> None:
    assert TriedSecrets().next((A, B, C), target(C)) == (A, B)


def test_what_is_gone_is_forgotten() -> None:
    tried = TriedSecrets()
    for edition in range(1_000):
        tried.taken((A,), target(A, edition=str(edition)))
    assert len(tried) <= 103
