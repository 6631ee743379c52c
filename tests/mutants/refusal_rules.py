"""Mutants of what routes are told that proxies refuse."""

from tests.mutants.mutant import Mutant

REFUSALS = (
    Mutant(
        rule="words about one namespace's objects are told in another",
        path="gatewayd/translator/outcomes/refused_by_proxies.py",
        before='ending = f": {self.words}" if self.is_own else elsewhere',
        after='ending = f": {self.words}"',
        tests=(
            "tests/unit/translator/outcomes/test_refused_by_proxies.py::test_words_go_to_no_other_namespace",
            "tests/unit/translator/outcomes/test_refused_by_proxies.py::test_what_is_said_of_a_backend_stays_in_its_namespace",
        ),
    ),
    Mutant(
        rule="an edit that mends nothing takes a refusal back",
        path="gatewayd/ads/standing_refusals.py",
        before="    return bool(ledger.unsettled(frozenset((name,))))",
        after="    return False",
        tests=("tests/unit/ads/test_fleet.py::test_a_refusal_stands_until_something_else_is_taken_in_its_place",),
    ),
    Mutant(
        rule="a refusal is never over",
        path="gatewayd/ads/standing_refusals.py",
        before="    return bool(ledger.unsettled(frozenset((name,))))",
        after="    return True",
        tests=("tests/unit/ads/test_fleet.py::test_a_refusal_is_over_when_what_was_refused_is_published_no_more",),
    ),
    Mutant(
        rule="a proxy that moves to another replica takes its refusal back for a moment",
        path="gatewayd/kube/fleet_reports.py",
        before="            self._lingering_refusals.told(fleet, share, after)",
        after="            pass",
        tests=(
            "tests/unit/kube/test_fleet_reports.py::test_a_proxy_that_refuses_takes_nothing_back_by_moving_to_another_replica",
        ),
    ),
    Mutant(
        rule="proxies that refuse everything make no end of statuses",
        path="gatewayd/translator/outcomes/refused_by_proxies.py",
        before="islice(_all_refused(view, gateway, report), REFUSED_ROUTES_TOLD)",
        after="_all_refused(view, gateway, report)",
        tests=(
            "tests/unit/translator/outcomes/test_refused_by_proxies.py::test_so_many_are_told_and_what_stands_alone_first",
        ),
    ),
)
