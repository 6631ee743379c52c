"""The CA through its years: at every moment everybody believes what anybody may show."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509 import verification

from gatewayd.identity.authority import OVERLAP, Authority, advanced, founded
from gatewayd.identity.certificates import CA_LIFETIME, LEAF_LIFETIME, KeyPair, Subject, gateway_identity, issue
from gatewayd.ir.fleet import GatewayFleet

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PROXY = Subject(common_name="gw", dns_names=(), uris=(gateway_identity(GatewayFleet(namespace="shop", name="gw"), ""),))
DUE = NOW + CA_LIFETIME * 2 / 3 + timedelta(hours=1)


def believes(authority: Authority, shown: KeyPair, now: datetime) -> bool:
    roots = x509.load_pem_x509_certificates(authority.bundle)
    verifier = verification.PolicyBuilder().store(verification.Store(roots)).time(now).build_client_verifier()
    try:
        verifier.verify(x509.load_pem_x509_certificate(shown.certificate), [])
    except verification.VerificationError:
        return False
    return True


def test_a_new_authority_is_one_ca() -> None:
    authority = founded(NOW)
    assert (authority.successor, authority.retired) == (None, ())
    assert authority.bundle == authority.signing.certificate


def test_nothing_changes_before_it_is_due() -> None:
    authority = founded(NOW)
    for days in range(0, 486, 60):
        assert advanced(authority, NOW + timedelta(days=days)) is authority


def test_first_a_successor_is_believed_and_signs_nothing() -> None:
    before = founded(NOW)
    after = advanced(before, DUE)
    assert after.successor is not None
    assert after.signing == before.signing
    assert after.bundle == before.signing.certificate + after.successor.certificate
    assert advanced(after, DUE + OVERLAP - timedelta(minutes=1)) is after


def test_then_it_signs_and_the_old_one_is_believed_still() -> None:
    made = advanced(founded(NOW), DUE)
    after = advanced(made, DUE + OVERLAP)
    assert after.signing == made.successor
    assert after.successor is None
    assert after.retired == (made.signing.certificate,)
    assert after.bundle == after.signing.certificate + made.signing.certificate
    assert advanced(after, DUE + OVERLAP) is after


def test_at_last_what_has_expired_is_forgotten() -> None:
    first = founded(NOW)
    second = advanced(advanced(first, DUE), DUE + OVERLAP)
    later = DUE + CA_LIFETIME * 2 / 3 + timedelta(hours=1)
    third = advanced(advanced(second, later), later + OVERLAP)
    assert third.retired == (second.signing.certificate,)
    assert len(x509.load_pem_x509_certificates(third.bundle)) == 2


def test_who_looks_late_takes_one_step_at_a_time() -> None:
    """A control plane that slept for years: a successor is heard of before it signs, even then."""
    late = NOW + CA_LIFETIME * 3
    made = advanced(founded(NOW), late)
    assert made.successor is not None
    assert advanced(made, late) is made
    assert advanced(made, late + OVERLAP).retired == ()


def test_in_ten_years_no_proxy_is_turned_away() -> None:
    """Proxies show what the CA of their day signed, to replicas that are up to a day behind or ahead."""
    history = [(NOW, founded(NOW))]
    shown: list[tuple[datetime, KeyPair]] = []
    for hours in range(12, 24 * 3650, 12):
        now = NOW + timedelta(hours=hours)
        authority = advanced(history[-1][1], now)
        if authority is not history[-1][1]:
            history.append((now, authority))
        if hours % (24 * 20) == 0:
            shown.append((now, issue(authority.signing, PROXY, now)))
    assert len(history) > 12
    for signed_at, pair in shown:
        for seen_at in (signed_at - timedelta(hours=23), signed_at, signed_at + LEAF_LIFETIME - timedelta(hours=1)):
            then = [authority for since, authority in history if since <= seen_at][-1]
            assert believes(then, pair, max(seen_at, signed_at))
