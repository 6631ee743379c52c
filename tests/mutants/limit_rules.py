"""Mutants of who counts for all proxies, who sees messages, and what their loss does."""

from tests.mutants.mutant import Mutant

LIMITS = (
    Mutant(
        rule="requests go on uncounted though a policy denies it",
        path="gatewayd/translator/proxies/global_limits.py",
        before="fails_open=not _closes(section)",
        after="fails_open=True",
        tests=("tests/unit/translator/proxies/test_global_limits.py::test_what_is_written_comes_to",),
    ),
    Mutant(
        rule="a Gateway without a service lets through what a policy denies",
        path="gatewayd/translator/proxies/global_limits.py",
        before="return Unsupported(without_server(view, gateway)) if _closes(section) else ()",
        after="return ()",
        tests=(
            "tests/unit/translator/proxies/test_global_limits.py::test_where_nobody_counts_requests_go_on_or_the_rules_are_closed",
        ),
    ),
    Mutant(
        rule="a Gateway has anybody's Service count without a grant",
        path="gatewayd/translator/backends/rate_limit_server.py",
        before="named.namespace if named == of_class else gateway.namespace",
        after="named.namespace",
        tests=(
            "tests/unit/translator/backends/test_rate_limit_server.py::test_what_a_gateway_names_in_another_namespace_needs_a_grant",
        ),
    ),
    Mutant(
        rule="a proxy is told the limits of all policies",
        path="gatewayd/ads/limit_configs.py",
        before="peer.identities == (RATE_LIMIT_IDENTITY,)",
        after="bool(peer.identities)",
        tests=("tests/unit/ads/test_limit_configs.py::test_only_who_counts_may_have_all_limits",),
    ),
    Mutant(
        rule="a server that is not there lets messages go on unseen",
        path="gatewayd/translator/proxies/at_listener.py",
        before="or isinstance(seen, Unsupported)",
        after="or isinstance(seen, int)",
        tests=(
            "tests/unit/translator/proxies/test_processing.py::test_a_server_that_is_not_there_closes_its_scope_and_says_so_though_it_fails_open",
        ),
    ),
    Mutant(
        rule="a server says where a message ends",
        path="gatewayd/xds/filters/processing.py",
        before="        mutation_rules=MUTATION_RULES,\n",
        after="",
        tests=("tests/unit/xds/filters/test_processing.py::test_who_sees_what_and_what_it_may_not_do",),
    ),
    Mutant(
        rule="a script that cannot be had is left out",
        path="gatewayd/translator/proxies/at_listener.py",
        before="or isinstance(run, Unsupported)",
        after="or isinstance(run, int)",
        tests=("tests/unit/translator/proxies/test_scripts.py::test_a_class_that_does_not_allow_it",),
    ),
    Mutant(
        rule="code runs though the class does not allow it",
        path="gatewayd/translator/proxies/scripts.py",
        before="    return LUA in parameters_of_class(view, view.get(Gateway, gateway)).bounds.code\n",
        after="    return True\n",
        tests=("tests/unit/translator/proxies/test_scripts.py::test_a_class_that_does_not_allow_it",),
    ),
    Mutant(
        rule="a proxy gets a text that it refuses, with all the routes of the host",
        path="gatewayd/translator/proxies/scripts.py",
        before="Script(code=code) if wrong is None else",
        after="Script(code=code) if wrong is not code else",
        tests=("tests/unit/translator/proxies/test_scripts.py::test_of_a_configmap",),
    ),
)
