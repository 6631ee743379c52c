"""Mutants of policies: whose section is in force, what closes a rule and who is told, and what is fetched of whom."""

from tests.mutants.mutant import Mutant

_ACCESS = "tests/unit/translator/proxies/test_access.py"
_CLASHES = "tests/unit/translator/policies/test_clashes.py"
_MESH = "tests/unit/translator/mesh/test_governed_rules.py"
_CLOSED_RULES = "tests/unit/translator/outcomes/test_closed_rules.py"
_EFFECTIVE = "tests/unit/translator/policies/test_effective.py"
_KEY_SETS = "tests/unit/translator/proxies/test_key_sets.py"
_OVERRIDDEN = "tests/unit/translator/outcomes/test_overridden.py"
_SHARED = "tests/unit/translator/proxies/test_global_limits.py"
_METADATA = "tests/unit/untrusted/test_provider_metadata.py"

POLICIES = (
    Mutant(
        rule="an override takes no section from what is below",
        path="gatewayd/translator/policies/effective.py",
        before="(*above.overrides, *(each for each in here.overrides if each.section not in fixed))",
        after="(*above.overrides, *here.overrides)",
        tests=(f"{_OVERRIDDEN}::test_an_override_from_above_takes_a_section",),
    ),
    Mutant(
        rule="a default from below leaves that from above in force",
        path="gatewayd/translator/policies/effective.py",
        before="ours = (*(each for each in inherited if each.section not in nearer), *here.defaults)",
        after="ours = (*inherited, *here.defaults)",
        tests=(
            f"{_EFFECTIVE}::test_a_policy_for_a_listener_stands_below_that_of_its_gateway",
            "tests/unit/translator/proxies/test_at_listener.py::test_a_rule_of_a_name_has_its_own_policy",
        ),
    ),
    Mutant(
        rule="a policy reaches any namespace",
        path="gatewayd/translator/policies/effective.py",
        before="    return not home or namespace == home",
        after="    return True",
        tests=(f"{_EFFECTIVE}::test_beyond_its_namespace_a_policy_reaches_only_from_where_gatewayd_runs",),
    ),
    Mutant(
        rule="a section that cannot be honoured is left out",
        path="gatewayd/translator/proxies/access.py",
        before="            return closed(effective, ruled, read.message)",
        after="            continue",
        tests=(f"{_ACCESS}::test_no_range_closes", f"{_ACCESS}::test_a_secret_that_is_missing_closes"),
    ),
    Mutant(
        rule="a policy that cannot be read is left out",
        path="gatewayd/translator/proxies/access.py",
        before='        return closed(effective, unreadable, "cannot be read")',
        after="        continue",
        tests=(
            "tests/unit/translator/proxies/test_at_listener.py::test_a_policy_that_cannot_be_read_closes_what_it_is_for",
        ),
    ),
    Mutant(
        rule="two ways in go together",
        path="gatewayd/translator/policies/clashes.py",
        before="    if len(ways) < 2:",
        after="    if len(ways) < 3:",
        tests=(f"{_CLASHES}::test_several_ways_in_are_refused",),
    ),
    Mutant(
        rule="who lets anybody in counts as authentication",
        path="gatewayd/translator/policies/clashes.py",
        before="            return bool(section.optional)\n",
        after="            return False\n",
        tests=(f"{_CLASHES}::test_authentication_that_is_required",),
    ),
    Mutant(
        rule="a route is told what is wrong within a policy",
        path="gatewayd/translator/policies/closed.py",
        before="        if self.is_apart:",
        after="        if True:",
        tests=(
            "tests/unit/translator/policies/test_closed.py::test_a_route_is_told_the_section_and_not_what_is_wrong_with_it",
        ),
    ),
    Mutant(
        rule="a route is told nothing of policies that close it",
        path="gatewayd/translator/outcomes/closed_rules.py",
        before="    if not by_reason:",
        after="    if by_reason:",
        tests=(f"{_CLOSED_RULES}::test_a_broken_policy_of_a_rule_is_told_to_its_route_alone",),
    ),
    Mutant(
        rule="an override that adds up takes a default away",
        path="gatewayd/translator/outcomes/overridden.py",
        before="if each not in adds_up))",
        after="))",
        tests=(f"{_OVERRIDDEN}::test_what_adds_up_takes_nothing_away",),
    ),
    Mutant(
        rule="a namespace without routes counts as below",
        path="gatewayd/translator/outcomes/overridden.py",
        before="    return view.count(ACCOUNTS, Account(gateway, namespace.key.name)) > 0",
        after="    return True",
        tests=(f"{_OVERRIDDEN}::test_a_namespace_without_routes_there_is_not_below",),
    ),
    Mutant(
        rule="keys come in plain text from anybody",
        path="gatewayd/translator/proxies/key_sets.py",
        before="    if written.uri is None or (ref is None and written.uri.startswith(_PLAIN)):",
        after="    if written.uri is None:",
        tests=(f"{_KEY_SETS}::test_what_may_not_be_asked_is_named",),
    ),
    Mutant(
        rule="what a provider says is taken for keys",
        path="gatewayd/translator/proxies/key_sets.py",
        before="if row is not None and not source.is_provider)",
        after="if row is not None)",
        tests=(f"{_KEY_SETS}::test_what_a_provider_says_is_no_key",),
    ),
    Mutant(
        rule="the control plane asks hosts of a private network",
        path="gatewayd/keysets/reach.py",
        before="    return (mapped or parsed).is_global and not parsed.is_multicast",
        after="    return not parsed.is_multicast",
        tests=("tests/unit/keysets/test_reach.py::test_what_is_within_is_not_of_the_internet",),
    ),
    Mutant(
        rule="a provider speaks for another issuer",
        path="gatewayd/untrusted/provider_metadata.py",
        before="    if not isinstance(issuer, str) or metadata_uri(issuer) != uri:",
        after="    if not isinstance(issuer, str):",
        tests=(f"{_METADATA}::test_what_is_of_no_use",),
    ),
    Mutant(
        rule="a provider sends people to whatever it likes",
        path="gatewayd/untrusted/provider_metadata.py",
        before="    return len(text) <= _LONGEST and _URL.fullmatch(text) is not None",
        after="    return len(text) <= _LONGEST",
        tests=(f"{_METADATA}::test_what_is_of_no_use",),
    ),
    Mutant(
        rule="without keys an empty set is sent",
        path="gatewayd/xds/filters/tokens.py",
        before="            return _inline(fetched.get(issuer.keys) or NOBODYS)",
        after='            return _inline(fetched.get(issuer.keys) or "")',
        tests=(
            "tests/unit/xds/filters/test_tokens.py::test_keys_that_are_fetched_change_no_name_and_without_them_nobodys_count",
        ),
    ),
    Mutant(
        rule="a header that frames a message may be copied to",
        path="gatewayd/translator/rules/headers.py",
        before='yield from ((f"setFrom[{at}].name", _no_change(each.name))',
        after='yield from ((f"setFrom[{at}].name", "")',
        tests=("tests/unit/translator/rules/test_headers.py::test_nor_may_what_is_copied_frame_a_message",),
    ),
    Mutant(
        rule="a Secret of another namespace needs no grant",
        path="gatewayd/translator/policies/credentials.py",
        before='    if permitted(view, pointer):\n        return ""',
        after='    if True:\n        return ""',
        tests=("tests/unit/translator/policies/test_credentials.py::test_another_namespace_has_to_allow_it",),
    ),
    Mutant(
        rule="the limit of what is sent is that of what comes",
        path="gatewayd/translator/policies/passage.py",
        before='of_requests=direction in ("Request", "Both")',
        after='of_requests=direction in ("Response", "Both")',
        tests=(
            "tests/unit/translator/policies/test_passage.py::test_a_bandwidth_is_of_responses_unless_it_says_otherwise",
        ),
    ),
    Mutant(
        rule="what a policy selects by labels is only told",
        path="gatewayd/translator/policies/selected.py",
        before="yield from all_targets(view, row, kinds) if _closes(view, row) else written_targets(row, kinds)",
        after="yield from written_targets(row, kinds)",
        tests=("tests/unit/translator/policies/test_selected.py::test_what_is_selected_is_closed_and_nothing_else",),
    ),
    Mutant(
        rule="a revocation list that Envoy refuses is sent all the same",
        path="gatewayd/untrusted/revocation_lists.py",
        before="        _read_by_openssl(each.public_bytes(Encoding.DER))\n",
        after="",
        tests=("tests/unit/untrusted/test_revocation_lists.py::test_a_list_that_envoy_refuses_is_none",),
    ),
    Mutant(
        rule="a caller whose namespace is not known passes for one that is named",
        path="gatewayd/translator/policies/tokens.py",
        before="    return structs.replace(section, allow=allow, deny=section.deny if allow else (AccessCondition(),))",
        after="    return structs.replace(section, allow=allow)",
        tests=(f"{_MESH}::test_callers_are_told_by_their_view",),
    ),
    Mutant(
        rule="a consumer's route is a way around the policies of the Service's namespace",
        path="gatewayd/translator/mesh/governed_rules.py",
        before="    return _under(effective(view, ChainKey(AccessPolicy, (namespace,))), own)",
        after="    return own",
        tests=(f"{_MESH}::test_of_a_consumer_the_producers_policies_ask_where_he_is_from",),
    ),
    Mutant(
        rule="a section that needs a Secret lets everybody in where the parent is a Service",
        path="gatewayd/translator/mesh/unserved.py",
        before='        "api_keys": _always(_SECRETS, closes=True),',
        after="",
        tests=(f"{_MESH}::test_sections_that_cannot_be_had_close_what_they_are_for_and_say_what_is_allowed",),
    ),
    Mutant(
        rule="a pod says from which address it calls",
        path="gatewayd/xds/messages/mesh_manager.py",
        before="        xff_num_trusted_hops=_MORE_THAN_ANY,\n",
        after="",
        tests=("tests/unit/xds/messages/test_mesh_manager.py::test_a_client_is_whoever_has_connected",),
    ),
    Mutant(
        rule="what a policy of theirs is merged into counts apart from it",
        path="gatewayd/translator/proxies/global_limits.py",
        before="    return _foreign_domain(theirs.key if has_own else theirs.above)",
        after="    return _foreign_domain(theirs.key)",
        tests=(f"{_SHARED}::test_a_policy_of_theirs_counts_with_the_one_that_has_the_limits",),
    ),
)
