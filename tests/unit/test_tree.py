"""The shape of the tree: short files, short functions, and a unit test file for each module."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("gatewayd", "tests", "conformance", "bench")
MOST_LINES = 400
MOST_FUNCTION_LINES = 40

SHARED_CLASS_NAMES: Mapping[str, str] = {}
"""Class names that may stand in several modules of gatewayd/, each with the reason."""

GENERATED = ("gatewayd/rpc",)
"""Written by protoc, not by hand."""

TESTED_ELSEWHERE: Mapping[str, str] = {
    "gatewayd/__main__.py": "three lines that start the command line; tests/unit/cli starts it",
    "gatewayd/run/standalone.py": "the composition root wires and decides nothing; every feature test runs it",
    "gatewayd/page/source.py": "a protocol and a value; tests/unit/run/test_page_source.py asks what keeps to it",
    "gatewayd/ir/overview.py": "values alone; tests/unit/translator/outcomes/test_overview.py makes and reads each",
    "gatewayd/ads/server.py": "moves messages between gRPC and sessions; tests/feature/test_ads.py speaks to it",
    "gatewayd/run/node_agent.py": "the composition root of a node's agent; tests/feature/test_node_agent.py runs it",
    "gatewayd/run/agent.py": "reads options for node_agent.py; tests/feature/test_node_identity.py runs it",
    "gatewayd/ads/relay/relay.py": "moves messages between two streams; tests/feature/test_node_agent.py runs it",
}
"""Modules without a unit test file of their own, each with the reason."""

DATA_HELD_BY: Mapping[str, str] = {
    "gatewayd/ir/carriers.py": "tests/unit/ir/test_shape.py",
    "gatewayd/ir/contents.py": "tests/unit/ir/test_shape.py",
    "gatewayd/ir/l4.py": "tests/unit/ir/test_shape.py",
    "gatewayd/ir/scripts.py": "tests/unit/ir/test_shape.py",
}
"""Modules of nothing but values, and the test that holds what is true of all such values."""


def python_files() -> Iterator[Path]:
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            if not str(path.relative_to(ROOT)).startswith(GENERATED):
                yield path


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_is_long() -> None:
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines >= MOST_LINES} == {}


def test_no_function_is_long() -> None:
    long = {
        f"{shown(path)}:{function.lineno} {function.name}": length(function)
        for path in python_files()
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if length(function) >= MOST_FUNCTION_LINES
    }
    assert long == {}


def classes() -> Iterator[tuple[str, str]]:
    """Yield the name of every class of gatewayd/, and where it stands."""
    for module in modules():
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield node.name, f"{module}:{node.lineno}"


def test_the_name_of_a_class_is_its_own() -> None:
    places: dict[str, list[str]] = {}
    for name, place in classes():
        places.setdefault(name, []).append(place)
    assert places
    several = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: where for name, where in several.items() if name not in SHARED_CLASS_NAMES} == {}
    assert set(SHARED_CLASS_NAMES) - set(several) == set()


def modules() -> Iterator[str]:
    for path in python_files():
        name = shown(path)
        if name.startswith("gatewayd/") and path.name != "__init__.py":
            yield name


def mirror(module: str) -> str:
    """Return where the unit tests of a module are: gatewayd/a/b.py -> tests/unit/a/test_b.py."""
    path = Path(module).relative_to("gatewayd")
    return str(Path("tests/unit") / path.with_name(f"test_{path.name}"))


def test_every_module_has_a_test_file() -> None:
    elsewhere = {*TESTED_ELSEWHERE, *DATA_HELD_BY}
    untested = [name for name in modules() if name not in elsewhere and not (ROOT / mirror(name)).is_file()]
    assert untested == []


def test_every_exception_is_a_module_without_a_test_file() -> None:
    elsewhere = {*TESTED_ELSEWHERE, *DATA_HELD_BY}
    assert elsewhere <= set(modules())
    assert [name for name in elsewhere if (ROOT / mirror(name)).is_file()] == []


@pytest.mark.parametrize(("module", "held_by"), DATA_HELD_BY.items())
def test_a_module_of_data_does_nothing_and_is_held_by_a_test(module: str, held_by: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    does = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, does)] == []
    assert (ROOT / held_by).is_file()


def test_no_module_has_a_name_that_says_nothing() -> None:
    nothing = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}
    assert [shown(path) for path in python_files() if nothing & {path.stem, *path.relative_to(ROOT).parts}] == []
