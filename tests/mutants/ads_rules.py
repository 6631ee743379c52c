"""Mutants of make before break, of acknowledgements and of who gets what on a stream."""

from tests.mutants.mutant import Mutant

ADS = (
    Mutant(
        rule="routes go out before their clusters",
        path="gatewayd/ads/protocol/ordering.py",
        before="        if not missing:\n            self._closed_since = None",
        after="        if True:\n            self._closed_since = None",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_routes_wait_for_the_acks_of_new_clusters_and_their_endpoints",
        ),
    ),
    Mutant(
        rule="routes go out before an Envoy has said which clusters it has",
        path="gatewayd/ads/protocol/arrivals.py",
        before="return not ledgers[CLUSTER].subscription.seen and ledgers[LISTENER].subscription.seen",
        after="return False",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_a_client_that_comes_back_and_asks_for_clusters_last_is_awaited",
        ),
    ),
    Mutant(
        rule="a gate that does not open stays closed",
        path="gatewayd/ads/protocol/ordering.py",
        before="return self._has_passed(self._closed_since + GATE_SECONDS)",
        after="return False",
        tests=("tests/unit/ads/protocol/test_ordering.py::test_another_routing_snapshot_waits_anew",),
    ),
    Mutant(
        rule="a cluster is there without its endpoints",
        path="gatewayd/ads/protocol/warming.py",
        before="for name in _absent(self._ledgers[type_url], names):",
        after="for name in ():",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_routes_wait_for_the_acks_of_new_clusters_and_their_endpoints",
        ),
    ),
    Mutant(
        rule="clusters go before the routes that use them",
        path="gatewayd/ads/protocol/ordering.py",
        before="if undecided and self.are_routes_settled() and self._have_listeners_routes(routing):",
        after="if undecided:",
        tests=("tests/unit/ads/protocol/test_ordering.py::test_clusters_go_after_the_routes_that_used_them",),
    ),
    Mutant(
        rule="endpoints go before their clusters",
        path="gatewayd/ads/protocol/ordering.py",
        before="return self._ledgers[CLUSTER].is_settled() and self.are_routes_settled()",
        after="return True",
        tests=("tests/unit/ads/protocol/test_ordering.py::test_endpoints_go_last",),
    ),
    Mutant(
        rule="a cluster that a refused route uses goes",
        path="gatewayd/ads/protocol/ordering.py",
        before="if name not in kept and not self._is_kept(name, ROUTED))",
        after="if name not in kept)",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_a_route_stays_while_a_refused_listener_keeps_it_in_use",
        ),
    ),
    Mutant(
        rule="the endpoints of a changed cluster do not go again",
        path="gatewayd/ads/protocol/ordering.py",
        before="self._owed = self._names.union(self._owed, needs.named.get(ENDPOINT, _NONE))",
        after="pass",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_a_changed_cluster_gets_its_endpoints_again_once_they_are_subscribed",
        ),
    ),
    Mutant(
        rule="routes are removed while a listener uses them",
        path="gatewayd/ads/protocol/ordering.py",
        before="if not removals or not self._are_last_settled() or not self._have_listeners_routes(routing):",
        after="if not removals:",
        tests=(
            "tests/unit/ads/protocol/test_ordering.py::test_routes_and_scopes_stay_until_a_new_listener_has_its_own",
        ),
    ),
    Mutant(
        rule="an answer to an older response counts",
        path="gatewayd/ads/protocol/session.py",
        before="if ledger.flight is not None and message.response_nonce == ledger.flight.nonce:",
        after="if ledger.flight is not None and message.response_nonce:",
        tests=("tests/unit/ads/protocol/test_session.py::test_a_stale_nonce_is_no_answer_but_its_names_count",),
    ),
    Mutant(
        rule="a cluster that warms for long keeps all others from being sent",
        path="gatewayd/ads/protocol/ordering.py",
        before="if is_held_back or self._has_passed(self._clusters_since + GATE_SECONDS):",
        after="if False:",
        tests=(
            "tests/unit/ads/protocol/test_overtaken.py::test_what_warms_for_long_holds_no_other_cluster_up_for_longer_than_a_gate",
        ),
    ),
    Mutant(
        rule="each cluster after one that warms for long waits as long",
        path="gatewayd/ads/protocol/ordering.py",
        before="is_held_back = clusters.overtaken is not None and self._warming.has_endpoints(flight.before)",
        after="is_held_back = False",
        tests=(
            "tests/unit/ads/protocol/test_overtaken.py::test_those_after_it_go_as_soon_as_the_client_has_their_endpoints",
        ),
    ),
    Mutant(
        rule="what is refused late counts as taken",
        path="gatewayd/ads/protocol/ledger.py",
        before="        if is_refused:\n            wanted",
        after="        if False:\n            wanted",
        tests=("tests/unit/ads/protocol/test_overtaken.py::test_what_was_refused_late_is_sent_again_by_itself",),
    ),
    Mutant(
        rule="endpoints of clusters that nobody has ACKed yet go",
        path="gatewayd/ads/protocol/ledger.py",
        before="if self.flight is not None or self.overtaken is not None:",
        after="if self.flight is not None:",
        tests=(
            "tests/unit/ads/protocol/test_overtaken.py::test_endpoints_stay_until_it_is_said_that_no_cluster_has_them_any_more",
        ),
    ),
    Mutant(
        rule="a refusal counts as taken",
        path="gatewayd/ads/protocol/session.py",
        before='if message.HasField("error_detail"):',
        after="if False:",
        tests=(
            "tests/unit/ads/protocol/test_session.py::test_a_refused_resource_waits_for_new_content_and_holds_back_nothing",
        ),
    ),
    Mutant(
        rule="a stale request is answered in the variant of whole states",
        path="gatewayd/ads/protocol/session.py",
        before="if message.response_nonce and message.response_nonce != ledger.sent_nonce:",
        after="if False:",
        tests=("tests/unit/ads/test_session_sotw.py::test_requests_with_a_stale_nonce_are_ignored",),
    ),
    Mutant(
        rule="routes follow the latest snapshot at once",
        path="gatewayd/ads/protocol/session.py",
        before="if self.routing is not self.latest and self._ordering.are_routes_settled():",
        after="if self.routing is not self.latest:",
        tests=(
            "tests/unit/ads/protocol/test_session.py::test_new_clusters_in_every_snapshot_do_not_starve_the_routes",
        ),
    ),
    Mutant(
        rule="what a client has is sent again at its return",
        path="gatewayd/ads/protocol/ledger.py",
        before="self.behind = {} if is_all else "
        "{name: held for name, held in self.behind.items() if name not in versions}",
        after="pass",
        tests=("tests/unit/ads/protocol/test_ledger.py::test_declared_versions_are_believed",),
    ),
    Mutant(
        rule="what was refused is sent again and again",
        path="gatewayd/ads/protocol/ledger.py",
        before="return [name for name in makes if name not in refused] if refused else makes",
        after="return makes",
        tests=(
            "tests/unit/ads/protocol/test_ledger.py::test_listed_culprits_wait_for_new_content_and_the_rest_is_sent_once_more",
        ),
    ),
    Mutant(
        rule="a refused resource stays refused when it changes",
        path="gatewayd/ads/protocol/ledger.py",
        before="if refusal is not None and (new is None or new.version != refusal.version):",
        after="if refusal is not None and new is None:",
        tests=(
            "tests/unit/ads/protocol/test_ledger.py::test_listed_culprits_wait_for_new_content_and_the_rest_is_sent_once_more",
        ),
    ),
    Mutant(
        rule="one bad resource keeps all beside it",
        path="gatewayd/ads/protocol/ledger.py",
        before="            self._suspect(rest, is_known=bool(bad))\n",
        after="            pass\n",
        tests=("tests/unit/ads/protocol/test_ledger.py::test_without_a_culprit_halves_are_sent_until_it_stands_alone",),
    ),
    Mutant(
        rule="names that were asked for again get no answer",
        path="gatewayd/ads/protocol/subscription.py",
        before="return SubscriptionChange(asked=owed_again + names, wildcard=wildcard, narrowed=narrowed)",
        after="return SubscriptionChange(asked=asked, wildcard=wildcard, narrowed=narrowed)",
        tests=(
            "tests/unit/ads/protocol/test_subscription.py::test_the_wildcard_goes_on_beside_names_until_it_is_unsubscribed",
        ),
    ),
    Mutant(
        rule="a wildcard cannot be given up",
        path="gatewayd/ads/protocol/subscription.py",
        before="self.wildcard and WILDCARD not in dropped",
        after="self.wildcard",
        tests=(
            "tests/unit/ads/protocol/test_subscription.py::test_the_wildcard_goes_on_beside_names_until_it_is_unsubscribed",
        ),
    ),
    Mutant(
        rule="the node's own words decide over TLS",
        path="gatewayd/ads/authorize.py",
        before="    if peer.transport is Transport.UNIX:\n        return _by_node(peer.node_cluster)",
        after="    if peer.node_cluster:\n        return _by_node(peer.node_cluster)",
        tests=("tests/unit/ads/test_authorize.py::test_on_the_unix_socket_a_gateway_must_be_named",),
    ),
    Mutant(
        rule="a certificate of two names is taken by the first",
        path="gatewayd/ads/authorize.py",
        before="if len(identities) != 1:",
        after="if not identities:",
        tests=("tests/unit/ads/test_authorize.py::test_a_certificate_has_exactly_one_name",),
    ),
    Mutant(
        rule="the certificate of an earlier Gateway of that name is taken",
        path="gatewayd/ads/authorize.py",
        before="return allowed.uid == incarnation.uid",
        after="return True",
        tests=("tests/unit/ads/test_authorize.py::test_one_of_the_object_before_is_not",),
    ),
    Mutant(
        rule="an acknowledgement of an older listener makes it programmed",
        path="gatewayd/ads/fleet.py",
        before="for name in [name for name, version in missing.items() if ledger.has(name, version)]:",
        after="for name in [name for name in missing if name in ledger.target]:",
        tests=("tests/unit/ads/test_fleet.py::test_one_ack_is_enough_and_is_reported_once",),
    ),
    Mutant(
        rule="a Gateway that is gone is served on",
        path="gatewayd/ads/fleet.py",
        before="        self.publish(snapshot(key, ()))\n",
        after="",
        tests=("tests/unit/ads/test_fleet.py::test_a_gateway_that_is_gone_is_served_nothing",),
    ),
    Mutant(
        rule="what a lost stream left open is forgotten",
        path="gatewayd/ads/fleet.py",
        before="        fleet.left_open.keep(member.session)\n",
        after="",
        tests=("tests/unit/ads/test_fleet.py::test_the_next_stream_of_a_client_is_told_what_the_last_one_left_open",),
    ),
    Mutant(
        rule="a client that is lost again counts again",
        path="gatewayd/ads/reconnects.py",
        before="        self._forget(session.node.id)\n",
        after="",
        tests=("tests/unit/ads/test_reconnects.py::test_a_client_that_is_lost_again_counts_once",),
    ),
    Mutant(
        rule="words of a refusal stay when it is over",
        path="gatewayd/ads/proxy_state.py",
        before="refusal is not None and sync is Sync.ERROR else",
        after="refusal is not None else",
        tests=("tests/unit/ads/test_proxy_state.py::test_a_refusal_is_an_error_while_it_is_what_is_published",),
    ),
    Mutant(
        rule="whose connection is gone since it answered nothing is not told of",
        path="gatewayd/ads/server.py",
        before="        elif since is not None and now >= since + SILENT_SECONDS:",
        after="        elif False:",
        tests=("tests/feature/test_ads_limits.py::test_who_says_nothing_to_what_it_was_sent_is_told_of",),
    ),
    Mutant(
        rule="a stream that takes no response is cut without a word",
        path="gatewayd/ads/server.py",
        before="            self._tell(member, ending.problem or problem)",
        after="            self._tell(member, None)",
        tests=("tests/feature/test_ads_limits.py::test_a_stream_that_takes_no_response_is_ended",),
    ),
    Mutant(
        rule="each stream that is cut is a line of the log",
        path="gatewayd/run/ended_streams.py",
        before="        if now < self._quiet_until.get(key, now):",
        after="        if False:",
        tests=("tests/unit/run/test_ended_streams.py::test_the_first_of_many_is_told_in_the_log",),
    ),
    Mutant(
        rule="what answers no ping is waited for as long as gRPC likes",
        path="gatewayd/ads/server.py",
        before='    ("grpc.http2.ping_timeout_ms", SILENT_SECONDS * 1000),\n',
        after="",
        tests=("tests/unit/ads/test_limit_configs.py::test_who_answers_no_ping_is_given_up_when_it_is_said",),
    ),
    Mutant(
        rule="a table of scopes asks nothing of filters that are discovered",
        path="gatewayd/xds/build/route_tables.py",
        before="self._asked.replace(before, after)\n            if before is not None:\n",
        after="if before is not None:\n",
        tests=(
            "tests/unit/xds/build/test_route_tables.py::test_what_routes_ask_of_filters_is_known_until_they_are_gone",
        ),
    ),
    Mutant(
        rule="of several gates the last one wakes the stream",
        path="gatewayd/ads/protocol/ordering.py",
        before="min(self.deadline, deadline)",
        after="max(self.deadline, deadline)",
        tests=("tests/unit/ads/protocol/test_ordering.py::test_of_several_gates_the_first_that_opens_is_the_deadline",),
    ),
    Mutant(
        rule="a socket is made where others can reach it",
        path="gatewayd/ads/listen.py",
        before="found.st_uid != os.geteuid() or mode & ~_PRIVATE_DIRECTORY",
        after="found.st_uid != os.geteuid() and mode & ~_PRIVATE_DIRECTORY",
        tests=("tests/unit/ads/test_listen.py::test_a_directory_that_others_can_reach_is_refused",),
    ),
    Mutant(
        rule="what is given again comes before it was taken",
        path="gatewayd/ads/relay/removals.py",
        before="if each.type_url == message.type_url and",
        after="if each.type_url != message.type_url and",
        tests=(
            "tests/unit/ads/relay/test_removals.py::test_what_is_given_again_waits_until_it_was_taken_and_nothing_of_another_type_does",
        ),
    ),
    Mutant(
        rule="a name that is too long is taken beside a short one",
        path="gatewayd/ads/protocol/subscription.py",
        before="if max(map(len, added), default=0) > NAME_LENGTH:",
        after="if min(map(len, added), default=0) > NAME_LENGTH:",
        tests=("tests/unit/ads/protocol/test_subscription.py::test_a_name_that_is_too_long_breaks_the_protocol",),
    ),
)
