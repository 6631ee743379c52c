from tests.unit.api.documents import accepted, backend_tls, problems


def test_a_policy() -> None:
    validation = accepted(
        backend_tls(
            hostname="cart.example.com",
            wellKnownCACertificates="System",
            subjectAltNames=[{"type": "URI", "uri": "spiffe://example.com/cart"}],
        )
    ).spec.validation
    assert validation.well_known_ca_certificates == "System"
    assert validation.subject_alt_names[0].uri == "spiffe://example.com/cart"


def test_limits() -> None:
    assert [line.split(":")[0] for line in problems(backend_tls(wellKnownCACertificates="Mine"))] == [
        "spec.validation.wellKnownCACertificates",
        "spec.validation.hostname",
    ]
