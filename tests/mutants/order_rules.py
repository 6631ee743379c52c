"""Mutants of orders: each is of a sort that names which say nothing of ages, or lists that came sorted, hid once."""

from tests.mutants.mutant import Mutant

ORDERS = (
    Mutant(
        rule="an Ingress that comes later changes the hosts of another namespace, when its name comes first",
        path="gatewayd/translator/live_annotations.py",
        before="= sorted((row.metadata.creation_timestamp, row.metadata.key) for row in rows if row is not None)",
        after="= [(row.metadata.creation_timestamp, row.metadata.key) for row in rows if row is not None]",
        tests=(
            "tests/unit/translator/test_live_annotations.py::test_of_each_namespace_the_oldest_ingress_brings_something_to_a_host",
            "tests/unit/translator/test_live_annotations.py::test_an_ingress_changes_those_of_its_namespace_and_of_others_the_younger",
        ),
    ),
    Mutant(
        rule="a canary whose name comes first goes before the older one",
        path="gatewayd/translator/live_annotations.py",
        before="in sorted(found, key=lambda each: each[:2]) for path",
        after="in found for path",
        tests=(
            "tests/unit/translator/test_live_annotations.py::test_paths_of_the_oldest_canary_come_first_whatever_it_is_called",
        ),
    ),
    Mutant(
        rule="the Ingress whose name comes first has the certificate of a host",
        path="gatewayd/translator/proxies/server_names.py",
        before="in sorted(rows, key=lambda each: (each.metadata.creation_timestamp, str(each.metadata.key))):",
        after="in rows:",
        tests=(
            "tests/unit/translator/proxies/test_server_names.py::test_the_oldest_ingress_with_a_good_certificate_has_the_name",
        ),
    ),
    Mutant(
        rule="the route whose name comes first is within the quota",
        path="gatewayd/translator/quotas.py",
        before="in sorted(view.bucket(ACCOUNTS, account), key=lambda each: _age(view, each)):",
        after="in view.bucket(ACCOUNTS, account):",
        tests=("tests/unit/translator/test_quotas.py::test_the_newest_is_refused_with_the_number",),
    ),
    Mutant(
        rule="annotations of the Ingress whose name comes first count for a Service",
        path="gatewayd/translator/policies/effective.py",
        before="sorted(ingresses, key=lambda each: (each.metadata.creation_timestamp, each.metadata.key))",
        after="ingresses",
        tests=(
            "tests/unit/translator/policies/test_annotated.py::test_of_two_ingresses_the_older_says_what_counts_whatever_it_is_called",
        ),
    ),
    Mutant(
        rule="the frame of a script is another text in each replica",
        path="gatewayd/xds/filters/script.py",
        before='f"{name}=true" for name in sorted(names)',
        after='f"{name}=true" for name in names',
        tests=("tests/unit/xds/filters/test_script.py::test_the_frame_is_the_same_in_all_replicas",),
    ),
    Mutant(
        rule="members of a large bucket come as they were put",
        path="gatewayd/incremental/small_set.py",
        before="small.ordered = tuple(sorted(small.members, key=order))",
        after="small.ordered = tuple(small.members)",
        tests=("tests/unit/incremental/test_small_set.py::test_a_large_set_that_shrinks_goes_on_as_a_small_one",),
    ),
    Mutant(
        rule="limits of all policies have another version when policies come in another order",
        path="gatewayd/ads/limit_configs.py",
        before="resources = sorted(self._configs.values(), key=serialised)",
        after="resources = list(self._configs.values())",
        tests=("tests/unit/ads/test_limit_configs.py::test_limits_are_the_same_in_whichever_order_policies_came",),
    ),
    Mutant(
        rule="refusals are reported as they were heard",
        path="gatewayd/ads/fleet.py",
        before="in sorted(groups.items()):",
        after="in groups.items():",
        tests=("tests/unit/ads/test_fleet.py::test_refusals_come_by_words_and_names_whichever_came_first",),
    ),
    Mutant(
        rule="of two Gateways that lack a policy the first is named, not the one that refuses it",
        path="gatewayd/translator/outcomes/in_proxies.py",
        before="sorted(connected, key=lambda each: not _refused(of.carrier, each[1]))",
        after="connected",
        tests=(
            "tests/unit/translator/outcomes/test_in_proxies.py::test_of_several_gateways_the_one_that_lacks_it_is_named",
        ),
    ),
)
