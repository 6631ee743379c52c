"""Mutants of the order among routes, of isolation, grants and attachment, and of what backends are reached with."""

from tests.mutants.mutant import Mutant

TRANSLATOR = (
    Mutant(
        rule="the younger of two equal routes goes first",
        path="gatewayd/translator/proxies/precedence.py",
        before='row.metadata.creation_timestamp if row is not None else "", str(member.key))',
        after='"", str(member.key))',
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_between_routes_of_one_host_the_match_then_age_then_name",
        ),
    ),
    Mutant(
        rule="ties go by namespace alone",
        path="gatewayd/translator/proxies/precedence.py",
        before='else "", str(member.key))',
        after='else "", member.key.namespace)',
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_between_routes_of_one_age_namespace_and_name_count_as_one_text",
        ),
    ),
    Mutant(
        rule="a wildcard goes before the exact hostname",
        path="gatewayd/translator/proxies/precedence.py",
        before="*[-each for each in special]",
        after="*special",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_every_route_that_covers_a_host_answers_for_it_the_most_special_first",
        ),
    ),
    Mutant(
        rule="an HTTPRoute gets the calls of a GRPCRoute",
        path="gatewayd/translator/proxies/precedence.py",
        before="return (not ranked.route.match.grpc, ",
        after="return (ranked.route.match.grpc, ",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_grpc_requests_are_offered_to_grpc_routes_first",
        ),
    ),
    Mutant(
        rule="rules of a route stand in any order",
        path="gatewayd/translator/proxies/precedence.py",
        before="place = (source.rule, source.match)",
        after="place = (-source.rule, source.match)",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_rules_of_a_route_stand_in_their_order_when_they_are_equal",
        ),
    ),
    Mutant(
        rule="a prefix goes before an exact path",
        path="gatewayd/translator/rules/http.py",
        before="path = (3, len(match.path.value))",
        after="path = (0, len(match.path.value))",
        tests=("tests/unit/translator/rules/test_http.py::test_the_precedence_of_matches",),
    ),
    Mutant(
        rule="the length of a prefix does not count",
        path="gatewayd/translator/rules/http.py",
        before="path = (1, len(match.path.value))",
        after="path = (1, 0)",
        tests=("tests/unit/translator/rules/test_http.py::test_the_precedence_of_matches",),
    ),
    Mutant(
        rule="a method does not count",
        path="gatewayd/translator/rules/http.py",
        before="return _rank(*path, len(match.methods), ",
        after="return _rank(*path, 0, ",
        tests=("tests/unit/translator/rules/test_http.py::test_the_precedence_of_matches",),
    ),
    Mutant(
        rule="query parameters count before headers",
        path="gatewayd/translator/rules/http.py",
        before="len(match.headers), len(match.queries))\n",
        after="len(match.queries), len(match.headers))\n",
        tests=("tests/unit/translator/rules/test_http.py::test_the_precedence_of_matches",),
    ),
    Mutant(
        rule="the headers of a gRPC match do not count",
        path="gatewayd/translator/rules/grpc.py",
        before="return (tier, service, name, len(match.headers))",
        after="return (tier, service, name, 0)",
        tests=("tests/unit/translator/rules/test_grpc.py::test_the_precedence_of_matches",),
    ),
    Mutant(
        rule="the method of a gRPC match counts before its service",
        path="gatewayd/translator/rules/grpc.py",
        before="return (tier, service, name, ",
        after="return (tier, name, service, ",
        tests=(
            "tests/unit/translator/rules/test_grpc.py::test_the_service_counts_before_the_method_and_both_before_headers",
        ),
    ),
    Mutant(
        rule="a long wildcard goes before a short name",
        path="gatewayd/translator/hostnames.py",
        before='return (0 if hostname.startswith("*.") else len(hostname), len(hostname))',
        after="return (len(hostname), len(hostname))",
        tests=(
            "tests/unit/translator/test_hostnames.py::test_a_short_exact_name_is_more_special_than_a_long_wildcard",
        ),
    ),
    Mutant(
        rule="a wildcard covers the bare domain",
        path="gatewayd/translator/hostnames.py",
        before=('return pattern.startswith("*.") and hostname.endswith(pattern[1:]) and hostname != pattern[1:]'),
        after='return pattern.startswith("*.") and ("." + hostname).endswith(pattern[1:])',
        tests=("tests/unit/translator/test_hostnames.py::test_a_pattern_does_not_cover",),
    ),
    Mutant(
        rule="a host is served by listeners that do not own it",
        path="gatewayd/translator/proxies/virtualhosts.py",
        before="if listener is not None and listener.key == attached.listener and carries_http(listener):",
        after="if listener is not None and carries_http(listener):",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_a_host_belongs_to_the_most_special_listener_and_to_no_other",
        ),
    ),
    Mutant(
        rule="hosts of another listener answer under TLS",
        path="gatewayd/translator/proxies/virtualhosts.py",
        before="routes=(), fallback=MISDIRECTED)",
        after="routes=(), fallback=NOT_FOUND)",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_under_tls_the_hosts_of_other_listeners_are_misdirected",
        ),
    ),
    Mutant(
        rule="a guard that cannot be had lets requests through",
        path="gatewayd/translator/proxies/virtualhosts.py",
        before="    if listener_guards.unresolved is not None:\n",
        after="    if False:\n",
        tests=("tests/golden/test_golden.py::test_the_golden_is_what_comes_out[filters/listener-filters-lost]",),
    ),
    Mutant(
        rule="any grant in a namespace opens all of it",
        path="gatewayd/translator/reference_grants.py",
        before=") and any(\n        _is_to(each, pointer)",
        after=") or any(\n        _is_to(each, pointer)",
        tests=("tests/unit/translator/test_reference_grants.py::test_what_a_grant_allows",),
    ),
    Mutant(
        rule="a grant is for all namespaces",
        path="gatewayd/translator/reference_grants.py",
        before=" and grant_from.namespace == pointer.namespace",
        after=" and True",
        tests=("tests/unit/translator/test_reference_grants.py::test_what_a_grant_allows",),
    ),
    Mutant(
        rule="a grant for one name is for all names",
        path="gatewayd/translator/reference_grants.py",
        before='grant_to.name in (None, "", pointer.to.name)',
        after="True",
        tests=("tests/unit/translator/test_reference_grants.py::test_what_a_grant_allows",),
    ),
    Mutant(
        rule="a grant for one kind is for all kinds",
        path="gatewayd/translator/reference_grants.py",
        before="return GroupKind(grant_to.group, grant_to.kind) == pointer.target and",
        after="return grant_to.group == pointer.target.group and",
        tests=(
            "tests/unit/translator/test_reference_grants.py::test_a_grant_from_one_kind_to_another_does_not_combine_with_a_second_grant",
        ),
    ),
    Mutant(
        rule="certificates of other namespaces need no grant",
        path="gatewayd/translator/gateways/termination.py",
        before="elif not permitted(view, Pointer(_OWNERS",
        after="elif False and not permitted(view, Pointer(_OWNERS",
        tests=("tests/unit/translator/gateways/test_termination.py::test_a_bad_reference",),
    ),
    Mutant(
        rule="a namespace without labels is let in",
        path="gatewayd/translator/namespaces.py",
        before="return row is not None and admission.selector is not None and selects(",
        after="return row is None or admission.selector is None or selects(",
        tests=("tests/unit/translator/test_namespaces.py::test_admission",),
    ),
    Mutant(
        rule='"Same" is every namespace',
        path="gatewayd/translator/namespaces.py",
        before='(admission.rule == "Same" and namespace == admission.home)',
        after='admission.rule == "Same"',
        tests=("tests/unit/translator/test_namespaces.py::test_admission",),
    ),
    Mutant(
        rule="a route attaches to listeners of other kinds",
        path="gatewayd/translator/attachment.py",
        before="each.valid and kind in each.kinds]",
        after="each.valid]",
        tests=("tests/unit/translator/test_attachment.py::test_messages_name_the_parent_ref",),
    ),
    Mutant(
        rule="a route attaches at any port of its Gateway",
        path="gatewayd/translator/attachment.py",
        before=" and ref.port in (None, listener.port)",
        after="",
        tests=("tests/unit/translator/test_attachment.py::test_section_port_and_kind",),
    ),
    Mutant(
        rule="of two objects with one listener nobody wins",
        path="gatewayd/translator/gateways/listener_conflicts.py",
        before="next(iter(self.by_hostname.values()), None))",
        after="None)",
        tests=(
            "tests/unit/translator/gateways/test_listener_conflicts.py::test_a_listener_that_lost_wins_nothing_itself",
        ),
    ),
    Mutant(
        rule="a ListenerSet goes before its Gateway",
        path="gatewayd/translator/gateways/listeners.py",
        before='layer, created = (0, "") if isinstance(row, Gateway) else (1, ',
        after='layer, created = (1, "") if isinstance(row, Gateway) else (0, ',
        tests=(
            "tests/unit/translator/gateways/test_listener_conflicts.py::test_a_set_of_the_gateways_own_name_is_another_object",
        ),
    ),
    Mutant(
        rule="the younger of two policies applies",
        path="gatewayd/translator/policies/attach.py",
        before="return min(by_age)[1]",
        after="return max(by_age)[1]",
        tests=(
            "tests/unit/translator/policies/test_attach.py::test_a_policy_for_a_port_goes_before_one_for_the_service",
        ),
    ),
    Mutant(
        rule="plain text goes where TLS was asked for",
        path="gatewayd/translator/backends/backend_refs.py",
        before="return replace(plain, endpoints=_closed(settings.accepted))",
        after="return plain",
        tests=(
            "tests/unit/translator/backends/test_backend_refs.py::test_where_tls_was_asked_for_and_cannot_be_had_nobody_is_reached",
        ),
    ),
    Mutant(
        rule="plain text goes where a client certificate was asked for",
        path="gatewayd/translator/backends/backend_refs.py",
        before="    if own.resolved is not None and own.certificate is None:\n",
        after="    if False:\n",
        tests=(
            "tests/unit/translator/backends/test_backend_refs.py::test_where_a_client_certificate_was_asked_for_and_cannot_be_had_nobody_is_reached",
        ),
    ),
    Mutant(
        rule="endpoints on the proxy's own machine are reached",
        path="gatewayd/translator/backends/endpoints.py",
        before="        if not address_problem(endpoint.addresses[0], loopback=loopback)\n",
        after="",
        tests=(
            "tests/unit/translator/backends/test_endpoints.py::test_addresses_that_reach_the_proxy_itself_are_left_out",
        ),
    ),
    Mutant(
        rule="a translated address hides a metadata service",
        path="gatewayd/translator/backends/destinations.py",
        before='(IPv6Network("64:ff9b::/96"), _last),',
        after='(IPv6Network("64:ff9b::/96"), lambda _: iter(())),',
        tests=("tests/unit/translator/backends/test_destinations.py::test_the_same_within_an_address_of_ipv6",),
    ),
    Mutant(
        rule="nobody serves while all endpoints end",
        path="gatewayd/translator/backends/endpoints.py",
        before="draining=anyone_ready and not each.ready",
        after="draining=not each.ready",
        tests=(
            "tests/unit/translator/backends/test_endpoints.py::test_where_nobody_is_ready_those_that_terminate_must_do",
        ),
    ),
    Mutant(
        rule="a client certificate is said to be asked for, and is not",
        path="gatewayd/translator/gateways/termination.py",
        before="if not (good or without_own) or is_closed or isinstance(client, Verdict):",
        after="if not (good or without_own) or is_closed:",
        tests=(
            "tests/unit/translator/gateways/test_termination.py::test_a_bundle_that_cannot_be_had_takes_the_listener_down",
        ),
    ),
    Mutant(
        rule="an insecure fallback is not told of",
        path="gatewayd/translator/outcomes/gateways_and_routes.py",
        before="if each.valid and each.protocol is not None and each.protocol.terminates",
        after="if each.protocol is None or each.protocol.terminates",
        tests=(
            "tests/unit/translator/outcomes/test_gateways_and_routes.py::test_clients_without_a_certificate_are_told_of_where_a_valid_listener_lets_them_in",
        ),
    ),
    Mutant(
        rule="what one of many routes of a host brings with it is left out",
        path="gatewayd/translator/proxies/virtualhosts.py",
        before="if any(part.brings_others for part in parts):",
        after="if all(part.brings_others for part in parts):",
        tests=(
            "tests/unit/translator/proxies/test_virtualhosts.py::test_preflights_of_one_route_are_answered_among_few_or_many",
        ),
    ),
    Mutant(
        rule="two Gateways share the network of a node",
        path="gatewayd/translator/gateways/node_network.py",
        before="        if not _are_apart(own.node_selector, theirs) and taken_nodes(view, other) is None:\n",
        after="        if False:\n",
        tests=(
            "tests/unit/translator/gateways/test_node_network.py::test_of_two_gateways_the_older_one_has_the_nodes",
        ),
    ),
    Mutant(
        rule="a Gateway that is not ours lets ListenerSets in",
        path="gatewayd/translator/gateways/listeners.py",
        before="gateway.spec.allowed_listeners is None or not gateway_is_ours(view, parent):",
        after="gateway.spec.allowed_listeners is None:",
        tests=(
            "tests/unit/translator/gateways/test_listeners.py::test_of_a_gateway_that_is_not_there_not_ours_or_says_nothing_no_set_is_allowed",
        ),
    ),
)
