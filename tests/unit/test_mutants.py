"""Every mutant of `make mutants` still fits the tree; whether it is killed is that target's to say."""

import ast

import pytest

from tests.mutants.copies import ROOT
from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

FEWEST = 60


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_a_mutant_has_one_place_and_changes_the_program(mutant: Mutant) -> None:
    before = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    assert ast.dump(ast.parse(mutant.mutated(ROOT))) != ast.dump(before)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_the_tests_that_must_kill_it_are_there(mutant: Mutant) -> None:
    assert mutant.tests
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8")


def test_each_breaks_a_rule_of_its_own() -> None:
    assert len({mutant.rule for mutant in MUTANTS}) == len(MUTANTS) >= FEWEST
