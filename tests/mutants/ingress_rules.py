"""Mutants of what an Ingress has other than a route: one label, whose certificate, and who goes first."""

from tests.mutants.mutant import Mutant

_NAMES = "tests/unit/translator/proxies/test_server_names.py"

INGRESS = (
    Mutant(
        rule="the wildcard of an Ingress stands for many labels",
        path="gatewayd/translator/hostnames.py",
        before='return label != ANY and pattern == f"*.{rest}"',
        after="return covers(pattern, hostname)",
        tests=("tests/unit/translator/proxies/test_ingress_hosts.py::test_a_wildcard_is_for_one_label",),
    ),
    Mutant(
        rule="an Ingress goes before a route with the same match",
        path="gatewayd/translator/proxies/precedence.py",
        before="Tie(member.table is Ingress, ",
        after="Tie(member.table is not Ingress, ",
        tests=(
            "tests/unit/translator/proxies/test_ingress_hosts.py::test_of_equal_matches_a_route_goes_before_an_older_ingress",
        ),
    ),
    Mutant(
        rule="a default backend goes before the rules",
        path="gatewayd/translator/proxies/ingress_hosts.py",
        before="return (-1, sum(own)) if source.rule == DEFAULT_BACKEND else own",
        after="return own",
        tests=(
            "tests/unit/translator/proxies/test_ingress_hosts.py::test_default_backends_come_last_those_of_a_host_first",
        ),
    ),
    Mutant(
        rule="an Ingress shows its certificate for a host that another namespace had first",
        path="gatewayd/translator/proxies/server_names.py",
        before="if route is not None and _was_first(route.metadata, row.metadata):",
        after="if False:",
        tests=(
            f"{_NAMES}::test_a_host_that_a_route_of_another_namespace_had_first_keeps_the_certificate_of_the_listener",
        ),
    ),
    Mutant(
        rule="an Ingress shows its certificate for the hostname of a listener",
        path="gatewayd/translator/proxies/server_names.py",
        before="if listener is None or listener.hostname == name.hostname:",
        after="if listener is None:",
        tests=(f"{_NAMES}::test_the_name_of_a_listener_keeps_its_certificate",),
    ),
    Mutant(
        rule="clients are asked for nothing at the names of Ingresses",
        path="gatewayd/translator/proxies/server_names.py",
        before="tls=replace(own.tls, certificates=(shown.certificate,)),",
        after="tls=replace(own.tls, certificates=(shown.certificate,), client=None),",
        tests=(f"{_NAMES}::test_what_a_listener_asks_of_clients_is_asked_at_every_name",),
    ),
    Mutant(
        rule="annotations of ingress-nginx count where no class asks for them",
        path="gatewayd/translator/live_annotations.py",
        before="    if written is None or class_gateway(view, name) is None:",
        after="    if class_gateway(view, name) is None:",
        tests=(
            "tests/unit/translator/test_live_annotations.py::test_without_the_class_they_do_not_count_and_that_is_told",
        ),
    ),
    Mutant(
        rule="an Ingress that has lost a protection is open",
        path="gatewayd/translator/rules/ingress_annotations.py",
        before="if annotations.closing or doing.closing or doing.steps.broken or place.is_closed:",
        after="if doing.closing or doing.steps.broken or place.is_closed:",
        tests=("tests/unit/translator/rules/test_ingress_annotations.py::test_a_lost_protection_closes_all_paths",),
    ),
    Mutant(
        rule="a password is asked for before a redirect to HTTPS",
        path="gatewayd/translator/proxies/https_redirects.py",
        before="replace(ranked.route, action=action, filters=())",
        after="replace(ranked.route, action=action)",
        tests=("tests/unit/translator/proxies/test_https_redirects.py::test_nothing_is_asked_before_a_redirect",),
    ),
)
