"""PEM texts of strangers are values, or said to be unreadable; what the library raises for some is nobody's trouble."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.untrusted.pem import (
    Unreadable,
    _guarded,
    is_issued_by,
    read_certificates,
    read_key,
    rewritten,
    rewritten_lists,
)
from tests.unit.translator import pem

CHAIN, PRIVATE = pem.certificate_of(pem.ec_key()), pem.pem_of(pem.ec_key())


def test_what_is_read_of_a_certificate() -> None:
    found = read_certificates(b"text\n" + CHAIN + b"between\n" + pem.certificate_of(pem.ec_key(1), "*.other.example"))
    assert not isinstance(found, Unreadable)
    first, second = found
    assert first.pem == CHAIN
    assert first.dns_names == ("shop.example",)
    assert first.uris == ()
    assert second.dns_names == ("*.other.example",)
    assert first.not_before == datetime(2020, 1, 1, tzinfo=UTC)
    assert first.not_after == datetime(2120, 1, 1, tzinfo=UTC)
    assert first.public_key != second.public_key


def test_what_is_read_of_a_key() -> None:
    found = read_key(pem.traditional_pem_of(pem.ec_key()))
    assert not isinstance(found, Unreadable)
    assert (bytes(found.pem), found.curve, found.rsa_bits) == (PRIVATE, "secp256r1", 0)
    certified = read_certificates(CHAIN)
    assert not isinstance(certified, Unreadable)
    assert found.public_key == certified[0].public_key
    rsa = read_key(pem.pem_of(pem.rsa_key(2048)))
    assert not isinstance(rsa, Unreadable)
    assert (rsa.curve, rsa.rsa_bits) == ("", 2048)


def test_revocation_lists_are_read_and_nothing_between_them() -> None:
    one, two = pem.revoked_by(pem.ec_key(), "one", 7, 8), pem.revoked_by(pem.ec_key(1), "two")
    assert rewritten_lists(b"text\n" + one + CHAIN + two) == one + two
    for text in (b"", CHAIN, one[:60], one.replace(b"X509 CRL", b"CRL"), one + one[:40] + two[40:]):
        found = rewritten_lists(text)
        assert isinstance(found, Unreadable) or found == one


def test_a_version_that_there_is_not() -> None:
    strange = pem.of_version_seven(CHAIN)
    assert isinstance(read_certificates(strange), Unreadable)
    assert isinstance(rewritten(CHAIN + strange), Unreadable)


def test_a_name_of_no_type_of_strings() -> None:
    """One reader leaves it open, Envoy does not."""
    strange = pem.with_bytes(CHAIN, "06035504030c", "060355040322")
    assert isinstance(read_certificates(strange), Unreadable)
    assert isinstance(read_certificates(CHAIN + strange), Unreadable)
    assert isinstance(rewritten(CHAIN + strange), Unreadable)


def test_a_key_of_an_unknown_kind_or_curve() -> None:
    for old, new in (("06072a8648ce3d0201", "06072a8648ce3d027f"), ("06082a8648ce3d030107", "06082a8648ce3d03017f")):
        found = read_certificates(pem.with_bytes(CHAIN, old, new))
        assert not isinstance(found, Unreadable)
        assert found[0].public_key == b""


def test_extensions_that_cannot_be_read_leave_the_names_unknown() -> None:
    found = read_certificates(pem.with_bytes(CHAIN, "0603551d11", "0603551d13"))
    assert not isinstance(found, Unreadable)
    assert (found[0].dns_names, found[0].uris) == (None, None)


@pytest.mark.parametrize("text", [b"", b"garbage", PRIVATE, b"\xff" * 9, CHAIN[:200], CHAIN.replace(b"MII", b"AAA")])
def test_what_is_no_certificate(text: bytes) -> None:
    assert isinstance(read_certificates(text), Unreadable)
    assert isinstance(rewritten(text), Unreadable)


@pytest.mark.parametrize("text", [b"", b"garbage", CHAIN, b"\xff" * 9, pem.locked_pem_of(pem.ec_key())])
def test_what_is_no_key(text: bytes) -> None:
    assert isinstance(read_key(text), Unreadable)


def test_who_issued_a_certificate() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    one, other = make_ca(now), make_ca(now)
    leaf = issue(one, Subject(common_name="gw", dns_names=(), uris=("spiffe://a/b",)), now)
    assert is_issued_by(leaf.certificate, one.certificate)
    assert not is_issued_by(leaf.certificate, other.certificate)
    assert not is_issued_by(b"garbage", one.certificate)
    assert not is_issued_by(leaf.certificate, CHAIN)
    found = read_certificates(leaf.certificate)
    assert not isinstance(found, Unreadable)
    assert found[0].uris == ("spiffe://a/b",)


class PanicException(BaseException):
    """As the library's Rust raises it: its type cannot be imported, and is no Exception."""


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), MemoryError(), PanicException("index out of range")]
)
def test_whatever_is_raised_is_the_fault_of_the_text(error: BaseException) -> None:
    def fail() -> None:
        raise error

    assert isinstance(_guarded(fail), Unreadable)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_what_ends_a_process_is_not_the_fault_of_the_text(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        _guarded(fail)


def test_a_curve_that_is_known_and_not_served_is_told_apart() -> None:
    found = read_key(pem.pem_of(ec.derive_private_key(99, ec.SECP256K1())))
    assert not isinstance(found, Unreadable)
    assert found.curve == "secp256k1"


def imports(path: Path) -> set[str]:
    """Return the packages that a module imports, by the first part of their names."""
    nodes = tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | parts}


def test_nobody_else_hands_certificates_to_the_library() -> None:
    root = Path(__file__).parents[3] / "gatewayd"
    users = {str(path.relative_to(root)) for path in root.rglob("*.py") if "cryptography" in imports(path)}
    # Our own CA's certificates are made there, and none is read but by way of pem.
    # Of key sets the library gets numbers alone.
    # Of a login it derives a key from a secret.
    deriving = {"translator/proxies/login.py"}
    untrusted = {f"untrusted/{name}.py" for name in ("pem", "key_sets", "revocation_lists")}
    assert users == untrusted | {"identity/certificates.py"} | deriving
