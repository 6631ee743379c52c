"""Mutants of leadership, of watches, of what is written and deleted, of statuses, and of the CA."""

from tests.mutants.mutant import Mutant

KUBE = (
    Mutant(
        rule="who cannot renew goes on writing",
        path="gatewayd/kube/lease.py",
        before="return self._clock() < self._renewed + FENCE_SECONDS",
        after='return self._renewed > float("-inf")',
        tests=("tests/unit/kube/test_lease.py::test_a_hung_renewal_ends_leadership_before_another_begins",),
    ),
    Mutant(
        rule="a lease counts from when its renewal was answered",
        path="gatewayd/kube/lease.py",
        before="            self._renewed = began\n",
        after="            self._renewed = self._clock()\n",
        tests=("tests/unit/kube/test_lease.py::test_a_renewal_counts_from_when_it_was_asked_for",),
    ),
    Mutant(
        rule="another's lease is taken before it has ended",
        path="gatewayd/kube/lease.py",
        before="return self._clock() >= self._ends_at",
        after="return True",
        tests=("tests/unit/kube/test_lease.py::test_only_our_own_clock_says_that_a_lease_has_expired",),
    ),
    Mutant(
        rule="a status is written over somebody's newer one",
        path="gatewayd/kube/status_writer.py",
        before='body = {"metadata": {"resourceVersion": live.resource_version}, "status": status}',
        after='body = {"status": status}',
        tests=("tests/unit/kube/test_status_writer.py::test_a_conflict_is_read_again_and_merged",),
    ),
    Mutant(
        rule="who does not lead writes statuses",
        path="gatewayd/kube/status_writer.py",
        before="if live is None or not self._leadership.is_leader():",
        after="if live is None:",
        tests=(
            "tests/unit/kube/test_status_writer.py::test_leadership_that_is_lost_during_a_conflict_stops_the_write",
        ),
    ),
    Mutant(
        rule="a list that broke off removes what it did not reach",
        path="gatewayd/kube/listing.py",
        before="        self._listed = {}\n\n    def page",
        after="        self._known = {}\n\n    def page",
        tests=("tests/unit/kube/test_reflector.py::test_when_a_crd_is_removed_its_objects_go",),
    ),
    Mutant(
        rule="an object that cannot be read is removed",
        path="gatewayd/kube/listing.py",
        before="            # The last good version stays.\n",
        after="            yield from self._remove(read.key)\n",
        tests=("tests/unit/kube/test_listing.py::test_what_cannot_be_read_is_told_and_the_last_good_one_stays",),
    ),
    Mutant(
        rule="a new list does not say what has gone",
        path="gatewayd/kube/listing.py",
        before="gone = self._known.keys() - self._listed.keys()",
        after="gone = set[ObjectKey]()",
        tests=("tests/unit/kube/test_listing.py::test_what_a_watch_brought_is_part_of_what_is_known",),
    ),
    Mutant(
        rule="a request that failed removes a kind",
        path="gatewayd/kube/reflector.py",
        before="            except NotFoundError:\n",
        after="            except ApiError:\n",
        tests=("tests/unit/kube/test_reflector.py::test_waits_grow_and_start_anew_after_a_success",),
    ),
    Mutant(
        rule="somebody else's object of our name is deleted",
        path="gatewayd/kube/applier.py",
        before="if live is not None and gateway in live.metadata.gateways(self._client.manager):",
        after="if live is not None:",
        tests=(
            "tests/unit/kube/test_applier.py::test_an_object_of_somebody_else_is_left_alone_and_said_to_be_in_the_way",
        ),
    ),
    Mutant(
        rule="a workload goes before the one that replaces it is ready",
        path="gatewayd/kube/applier.py",
        before="if live is None or not live.is_ready(new.kind):",
        after="if live is None:",
        tests=(
            "tests/unit/kube/test_applier_succession.py::test_a_workload_goes_only_when_the_one_that_replaces_it_is_ready",
        ),
    ),
    Mutant(
        rule="an object that is taken is written over",
        path="gatewayd/kube/applier.py",
        before="if live is None or live.metadata.is_of(self._client.manager):",
        after="if True:",
        tests=(
            "tests/unit/kube/test_applier.py::test_an_object_of_somebody_else_is_left_alone_and_said_to_be_in_the_way",
        ),
    ),
    Mutant(
        rule="half a successor of the CA is read",
        path="gatewayd/kube/authority_store.py",
        before='if "next.crt" in data and "next.key" in data else None',
        after='if "next.crt" in data or "next.key" in data else None',
        tests=("tests/unit/kube/test_authority_store.py::test_half_a_successor_is_none",),
    ),
    Mutant(
        rule="an acknowledgement of another version is believed",
        path="gatewayd/kube/fleet_merge.py",
        before="if name in listeners and listeners[name].version == version",
        after="if name in listeners",
        tests=("tests/unit/kube/test_fleet_merge.py::test_what_is_said_of_another_version_says_nothing_of_ours",),
    ),
    Mutant(
        rule="statuses of other controllers are removed",
        path="gatewayd/status/merge.py",
        before='return bool(entry.get("controllerName") == writer.controller)',
        after="return True",
        tests=("tests/unit/status/test_merge.py::test_entries_of_other_controllers_stay_byte_for_byte",),
    ),
    Mutant(
        rule="a condition that holds on begins anew",
        path="gatewayd/status/merge.py",
        before='live.get("lastTransitionTime") if live.get("status") == wanted["status"] else None',
        after="None",
        tests=("tests/unit/status/test_merge.py::test_a_new_object_gets_everything",),
    ),
    Mutant(
        rule="certificates may be used for nothing",
        path="gatewayd/identity/certificates.py",
        before="digital_signature=not signs",
        after="digital_signature=signs",
        tests=("tests/unit/identity/test_certificates.py::test_both_sides_of_a_grpc_connection_take_them",),
    ),
    Mutant(
        rule="the retired CA is believed no more",
        path="gatewayd/identity/authority.py",
        before='return b"".join((self.signing.certificate, *following, *self.retired))',
        after='return b"".join((self.signing.certificate, *following))',
        tests=("tests/unit/identity/test_authority.py::test_at_last_what_has_expired_is_forgotten",),
    ),
    Mutant(
        rule="a new CA signs before anybody believes it",
        path="gatewayd/identity/authority.py",
        before="if now < since + OVERLAP:",
        after="if now < made:",
        tests=("tests/unit/identity/test_authority.py::test_who_looks_late_takes_one_step_at_a_time",),
    ),
    Mutant(
        rule="parents of two kinds that have one name are one",
        path="gatewayd/status/merge.py",
        before='ref.get("kind", "Gateway"), *place)',
        after="*place)",
        tests=("tests/unit/status/test_merge.py::test_whatever_a_reference_says_makes_another_parent",),
    ),
    Mutant(
        rule="a caller is led to a chain that is not there",
        path="gatewayd/agent/table.py",
        before="if version in families and port in table.consumer_ports:",
        after="if version in families:",
        tests=(
            "tests/unit/agent/test_table.py::test_who_is_called_from_a_family_or_by_a_port_that_is_not_there_is_left_out",
        ),
    ),
)
