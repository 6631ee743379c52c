"""How many packages import how many others: the figures of architecture.md, and no circle between them.

That no import runs back up is a contract of pyproject.toml; here they are counted.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter

from tests.unit.test_tree import ROOT, modules

PAGE = ROOT / "docs" / "architecture.md"
FIGURES = re.compile(r"There are (\d+) packages and modules at the top of `gatewayd/`, with (\d+) imports")


def top(module: str) -> str:
    """Return the package or module at the top that a dotted name is in: gatewayd.xds.filters.cors -> xds."""
    return module.split(".")[1]


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names of gatewayd's modules that a module imports, wherever in it."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="gatewayd", names=names):
                yield from (f"gatewayd.{each.name}" for each in names)
            case ast.ImportFrom(module=str(name)) if name.startswith("gatewayd."):
                yield name
            case ast.Import(names=names):
                yield from (each.name for each in names if each.name.startswith("gatewayd."))
            case _:
                pass


def imports() -> dict[str, set[str]]:
    """Return for each package or module at the top those that it imports."""
    found: dict[str, set[str]] = {"rpc": set()}
    for module in modules():
        name = top(module.removesuffix(".py").replace("/", "."))
        tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
        found.setdefault(name, set()).update({top(each) for each in imported(tree)} - {name})
    return found


def test_the_page_has_the_figures() -> None:
    figures = FIGURES.search(PAGE.read_text(encoding="utf-8"))
    assert figures is not None
    packages = imports()
    assert figures.groups() == (str(len(packages)), str(sum(map(len, packages.values()))))


def test_there_is_no_circle() -> None:
    packages = imports()
    assert set(TopologicalSorter(packages).static_order()) == set(packages)
