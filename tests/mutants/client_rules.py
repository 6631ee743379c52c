"""Mutants of who may come in by TLS, of HTTP/3, and of zones."""

from tests.mutants.mutant import Mutant

CLIENTS = (
    Mutant(
        rule="who is revoked comes in while the list is missing",
        path="gatewayd/translator/proxies/client_settings.py",
        before="        return replace(settings, tls=replace(settings.tls, trusts_nobody=True))",
        after="        return settings",
        tests=(
            "tests/unit/translator/proxies/test_client_settings.py::test_while_a_list_cannot_be_had_no_certificate_is_good",
        ),
    ),
    Mutant(
        rule="a list of what is revoked reaches nobody",
        path="gatewayd/translator/proxies/filter_chains.py",
        before="trust = replace(tls.client.trust, revoked=revoked)",
        after="trust = tls.client.trust",
        tests=(
            "tests/unit/translator/proxies/test_client_settings.py::test_what_is_revoked_stands_beside_the_authorities",
        ),
    ),
    Mutant(
        rule="a certificate of nobody's is one of anybody's",
        path="gatewayd/xds/messages/tls.py",
        before="    if bounds.trusts_nobody:",
        after="    if not bounds:",
        tests=("tests/unit/xds/messages/test_tls.py::test_certificates_of_clients_that_are_good",),
    ),
    Mutant(
        rule="HTTP/3 lets in who has no certificate",
        path="gatewayd/translator/proxies/http3.py",
        before="    if ended is not None and ended.client is not None:",
        after="    if ended is None:",
        tests=("tests/unit/translator/proxies/test_http3.py::test_who_goes_without_is_told",),
    ),
    Mutant(
        rule="HTTP/3 takes the port of a UDP listener",
        path="gatewayd/translator/proxies/http3.py",
        before='PortKey(listener.gateway, "udp", listener.port)',
        after='PortKey(listener.gateway, "quic", listener.port)',
        tests=("tests/unit/translator/proxies/test_http3.py::test_who_goes_without_is_told",),
    ),
    Mutant(
        rule="an endpoint without a zone is left to nobody",
        path="gatewayd/translator/backends/endpoints.py",
        before="port.by_zone and all(each.zone for each in addresses)",
        after="port.by_zone and any(each.zone for each in addresses)",
        tests=("tests/unit/translator/backends/test_endpoints.py::test_zones_are_told_where_they_make_a_difference",),
    ),
    Mutant(
        rule="an import is the Service of its name",
        path="gatewayd/translator/backends/imports.py",
        before='return ImportedName("import", key.namespace, key.name)',
        after="return key",
        tests=("tests/unit/translator/backends/test_imports.py::test_the_endpoints_of_all_clusters",),
    ),
    Mutant(
        rule="certificates of clients are good while policies cannot be read",
        path="gatewayd/translator/proxies/client_settings.py",
        before="_UNCHECKED: Final = replace(STANDARD_CLIENTS, tls=replace(STANDARD_CLIENTS.tls, trusts_nobody=True))",
        after="_UNCHECKED: Final = STANDARD_CLIENTS",
        tests=(
            "tests/unit/translator/proxies/test_client_settings.py::test_while_policies_cannot_be_read_no_certificate_of_a_client_is_good",
        ),
    ),
)
