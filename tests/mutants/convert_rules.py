"""Mutants of what a conversion may not lose: protections, hosts, and which paths are expressions."""

from tests.mutants.mutant import Mutant

CONVERT = (
    Mutant(
        rule="a path whose protection is lost is open",
        path="gatewayd/convert/ingress/rules.py",
        before="return setting.open_all or not _lost(host, location)",
        after="return True",
        tests=("tests/unit/translator/nginx/test_access.py::test_a_server_elsewhere_closes",),
    ),
    Mutant(
        rule="what protected a whole host is lost for its own Ingress alone",
        path="gatewayd/convert/ingress/rules.py",
        before="return location.part.closed or host.closed",
        after="return location.part.closed",
        tests=(
            "tests/unit/convert/ingress/test_protected_hosts.py::test_so_it_does_where_its_own_path_is_another_ones",
        ),
    ),
    Mutant(
        rule="annotations of other controllers protect nothing",
        path="gatewayd/convert/ingress/conversion.py",
        before="            closed=_lost_protections(others),\n",
        after="            closed=(),\n",
        tests=(
            "tests/unit/convert/ingress/test_other_controllers.py::test_they_are_told_and_close_where_they_may_protect",
        ),
    ),
    Mutant(
        rule="an annotation that is called like a protection had no effect",
        path="gatewayd/translator/nginx/known.py",
        before="if PROTECTIVE.search(name):",
        after="if not name:",
        tests=("tests/unit/translator/nginx/test_known.py::test_what_is_called_like_a_protection_opens_one_too",),
    ),
    Mutant(
        rule="a route is written without the policy that protects it",
        path="gatewayd/convert/conversion.py",
        before="            unguarded.update(_guarded(each.written))\n",
        after="            unguarded.update(())\n",
        tests=("tests/unit/convert/test_conversion.py::test_a_route_goes_with_the_policy_that_cannot_be_written",),
    ),
    Mutant(
        rule="a wildcard stands for any number of labels",
        path="gatewayd/convert/conditions.py",
        before='[*match.get("headers", ()), narrow]',
        after='[*match.get("headers", ())]',
        tests=("tests/unit/convert/ingress/test_hosts.py::test_a_wildcard_stands_for_one_label",),
    ),
    Mutant(
        rule="an expression is one for its own Ingress alone",
        path="gatewayd/convert/ingress/parts.py",
        before="return any(each.part.rewriting.is_expression(each.path) for each in self.locations)",
        after="return self.locations[0].part.rewriting.is_expression(self.locations[0].path)",
        tests=(
            "tests/unit/translator/nginx/test_paths.py::test_a_short_expression_makes_longer_paths_expressions_too",
        ),
    ),
    Mutant(
        rule="credentials are allowed to pages of every origin",
        path="gatewayd/translator/nginx/cors.py",
        before=' and "*" not in origins\n',
        after="\n",
        tests=("tests/unit/translator/nginx/test_cors.py::test_credentials_are_not_for_every_origin",),
    ),
    Mutant(
        rule="a rule of a VirtualService that has lost a condition is open",
        path="gatewayd/convert/istio/routes.py",
        before="is_open=not lost",
        after="is_open=True",
        tests=(
            "tests/unit/convert/istio/test_routes.py::test_a_rule_that_has_lost_a_protection_is_closed_and_no_other",
        ),
    ),
    Mutant(
        rule="a later rule of a VirtualService gets the requests of an earlier one",
        path="gatewayd/convert/first_match.py",
        before="if each.of == first.of or rank(each.match) <= rank(own.match):",
        after="if each is not None:",
        tests=("tests/unit/convert/test_first_match.py::test_what_both_are_for_is_the_earlier_one_s",),
    ),
    Mutant(
        rule="a route of an HTTPProxy that has lost a condition is open",
        path="gatewayd/convert/contour/routes.py",
        before="lost = () if open_all else (*each.route.closed, *walls)",
        after="lost: tuple[str, ...] = ()",
        tests=(
            "tests/unit/convert/contour/test_routes.py::test_a_route_that_has_lost_a_protection_is_closed_and_no_other",
        ),
    ),
    Mutant(
        rule="what a SecurityPolicy of Envoy Gateway is for is open where something of it is lost",
        path="gatewayd/convert/envoy_gateway/conversion.py",
        before="is_closed = protects and bool(taken.refused) and not open_all",
        after="is_closed = False",
        tests=("tests/unit/convert/envoy_gateway/test_conversion.py::test_what_cannot_be_had_closes_what_it_is_for",),
    ),
    Mutant(
        rule="a canary of another namespace leads to a Service of the route's own",
        path="gatewayd/convert/ingress/rules.py",
        before="return None if port == 0 else backend_ref(to, port, of)",
        after="return None if port == 0 else backend_ref(to, port, to.namespace)",
        tests=("tests/unit/convert/ingress/test_drawn_faults.py::test_requests_end_where_they_ended",),
    ),
    Mutant(
        rule="what nobody would take opens what it protected",
        path="gatewayd/translator/nginx/known.py",
        before="protects=protects or fate.protects",
        after="protects=fate.protects",
        tests=("tests/unit/convert/ingress/test_hostile_values.py::test_a_protection_that_nobody_would_take_closes",),
    ),
)
