"""Mutants of the engine: what is recomputed, and what is forgotten."""

from tests.mutants.mutant import Mutant

INCREMENTAL = (
    Mutant(
        rule="a value that is equal goes on as a change",
        path="gatewayd/incremental/engine.py",
        before="if not (value is node.value or value == node.value):",
        after="if True:",
        tests=("tests/unit/incremental/test_engine.py::test_a_change_of_one_member_costs_that_member",),
    ),
    Mutant(
        rule="a row that is equal goes on as a change",
        path="gatewayd/incremental/engine.py",
        before="if before is row or before == row:",
        after="if before is row:",
        tests=("tests/unit/incremental/test_engine.py::test_an_equal_row_is_no_change",),
    ),
    Mutant(
        rule="a query follows what it read first, not what it reads now",
        path="gatewayd/incremental/graph.py",
        before="        for read in reads:\n            read.join(node)",
        after="        for read in () if before else reads:\n            read.join(node)",
        tests=("tests/unit/incremental/test_graph.py::test_a_query_that_reads_other_nodes_lets_go_of_the_former",),
    ),
    Mutant(
        rule="a row that is gone stays in its bucket",
        path="gatewayd/incremental/engine.py",
        before="moved = {*before} ^ {*keys} if before else keys",
        after="moved = {*keys} - {*before}",
        tests=("tests/unit/incremental/test_engine.py::test_groups_name_their_buckets_that_are_not_empty",),
    ),
    Mutant(
        rule="a group keeps a bucket that is empty",
        path="gatewayd/incremental/graph.py",
        before="if index in self._groups and was_empty != bucket.is_empty:",
        after="if index in self._groups and was_empty:",
        tests=("tests/unit/incremental/test_engine.py::test_nothing_is_kept_of_what_is_gone",),
    ),
    Mutant(
        rule="a query that fails has its last value",
        path="gatewayd/incremental/engine.py",
        before="                return failure(error)\n            self.failures",
        after="                return node.value\n            self.failures",
        tests=(
            "tests/unit/incremental/test_failures.py::test_a_failure_that_is_asked_for_again_and_again_does_not_grow",
        ),
    ),
    Mutant(
        rule="a failed member is left out of a collection",
        path="gatewayd/incremental/engine.py",
        before="node.value = node.failed[min(node.failed)] if node.failed else node.rows.values()",
        after="node.value = node.rows.values()",
        tests=(
            "tests/unit/incremental/test_engine.py::test_a_collection_is_right_again_after_one_of_its_members_had_failed",
        ),
    ),
    Mutant(
        rule="a change below is not asked for",
        path="gatewayd/incremental/engine.py",
        before="                if read.state != CLEAN:\n                    self._pull(read)",
        after="                if read.state == DIRTY:\n                    self._pull(read)",
        tests=("tests/unit/incremental/test_engine.py::test_a_rescued_failure_is_an_answer_and_is_told",),
    ),
    Mutant(
        rule="members of a bucket come as they were put",
        path="gatewayd/incremental/small_set.py",
        before="return tuple(sorted(listed(small), key=order))",
        after="return tuple(listed(small))",
        tests=("tests/unit/incremental/test_engine.py::test_an_index_goes_on_when_it_cannot_file_a_row",),
    ),
    Mutant(
        rule="what nobody reads is kept",
        path="gatewayd/incremental/graph.py",
        before="                if not node.is_read:\n                    self._forget(node)",
        after="                pass",
        tests=("tests/unit/incremental/test_graph.py::test_a_query_that_reads_other_nodes_lets_go_of_the_former",),
    ),
    Mutant(
        rule="an equal value counts as another one in a collection",
        path="gatewayd/incremental/rows.py",
        before="if chunk[place] is value or chunk[place] == value:",
        after="if chunk[place] is value:",
        tests=(
            "tests/unit/incremental/test_rows.py::test_an_equal_value_changes_nothing_although_it_is_another_object",
        ),
    ),
    Mutant(
        rule="an index that slept knows only what comes after",
        path="gatewayd/incremental/engine.py",
        before="for key, _ in tuple(self.rows(source.table)):",
        after="for key, _ in ():",
        tests=(
            "tests/unit/incremental/test_engine.py::test_an_index_files_nothing_before_the_first_row_that_makes_somebody_read_it",
        ),
    ),
    Mutant(
        rule="rows that file themselves are read when they come, and never again",
        path="gatewayd/incremental/engine.py",
        before="            for sink in filing:\n",
        after="            for sink in filing if before is None else ():\n",
        tests=("tests/unit/incremental/test_engine.py::test_a_member_that_moves",),
    ),
)
