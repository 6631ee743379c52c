"""Whatever README.md and docs/ name is there: files, tests, targets, commands, options, metrics, contracts."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from gatewayd.cli.main import COMMANDS, app
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS
from gatewayd.translator.parameters.class_parameters import read_class_parameters
from gatewayd.translator.parameters.envoy_flags import FLAGS
from gatewayd.translator.parameters.keys import QUOTA_FIELDS, read_parameters

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DECISIONS = ROOT / "docs" / "decisions"
CLI = ROOT / "docs" / "cli.md"

FOLDERS = ("gatewayd", "tests", "docs", "bench", "conformance", "deploy", "protos")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"^(?:(?:{'|'.join(FOLDERS)})/[^\s:]*|Makefile|pyproject\.toml|constraints\.txt)(?:::(\w+))?$")
CONTRACT = re.compile(r'contract "([^"]+)"')
INVARIANT = re.compile(r"^\*\*I(\d+)\.\*\* (.*?)(?=^\*\*I\d+\.\*\*|^#|\Z)", re.MULTILINE | re.DOTALL)


class Said(NamedTuple):
    """A piece of code on a page."""

    page: str
    text: str


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


def inline() -> Iterator[Said]:
    for page in PAGES:
        for found in INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            yield Said(shown(page), found)


def lines_of_code() -> Iterator[Said]:
    """Yield the lines of fenced blocks, without their comments, and inline code."""
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                yield Said(shown(page), re.sub(r"(^|\s)#.*", "", line))
    yield from inline()


def matches(pattern: str) -> bool:
    """Return whether there is a file; `<name>` and `*` stand for anything."""
    return any(ROOT.glob(re.sub(r"<[^>]*>", "*", pattern).rstrip("/")))


def names_in(file: Path) -> set[str]:
    """Return the functions, classes and values that a module defines."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def links() -> Iterator[tuple[Path, str, Path, str]]:
    """Yield page, target, and the file and heading that it leads to; links out of the repository are left out."""
    for page in PAGES:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                path, _, anchor = target.partition("#")
                yield page, target, page.parent / path if path else page, anchor


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    broken = [
        f"{shown(page)}: {target}"
        for page, target, file, anchor in links()
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert broken == []


def test_paths_and_the_names_in_them_exist() -> None:
    missing = []
    for said in inline():
        found = PATH.match(said.text)
        if found is None:
            continue
        path, _, name = said.text.partition("::")
        if not matches(path) or (name and name not in names_in(ROOT / path)):
            missing.append(f"{said.page}: {said.text}")
    assert missing == []


def test_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {(said.page, word) for said in lines_of_code() for word in re.findall(r"\bmake ([a-z-]+)", said.text)}
    assert {each for each in named if each[1] not in targets} == set()
    assert {"demo", "test"} <= {word for page, word in named if page == "README.md"}


def commands() -> Iterator[tuple[Said, list[str]]]:
    """Yield what comes after `gatewayd` wherever it is called."""
    for said in lines_of_code():
        for call in re.findall(r"(?:^|(?<!helm install)[\s/$])gatewayd (.*)", said.text):
            part = re.split(r"\s(?:\||&&|&|;|>)\s?", f"{call} ")[0]
            yield said, shlex.split(part.replace("...", ""))


def options_of(command: str) -> set[str]:
    group: Any = typer.main.get_command(app)
    return {option for each in group.get_command(None, command).params for option in each.opts} | {"--help"}


def test_commands_and_their_options_exist() -> None:
    wrong = []
    for said, (command, *arguments) in ((said, words) for said, words in commands() if words):
        if command.startswith("-"):
            continue
        if command not in COMMANDS:
            wrong.append(f"{said.page}: {said.text}")
            continue
        options = options_of(command)
        wrong += [f"{said.page}: {said.text}: {each}" for each in arguments if _option(each) not in {"", *options}]
    assert wrong == []


def _option(argument: str) -> str:
    return argument.partition("=")[0] if argument.startswith("-") and argument != "-" else ""


def test_every_command_is_described() -> None:
    text = CLI.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`gatewayd {name}" not in text] == []


def test_modules_that_are_run_exist() -> None:
    named = {word for said in lines_of_code() for word in re.findall(r"\bpython3? -m ([\w.]+)", said.text)}
    ours = {word for word in named if word.split(".")[0] in FOLDERS}
    assert {word for word in ours if not is_runnable(ROOT / word.replace(".", "/"))} == set()


def is_runnable(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_variables_of_the_environment_are_read() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gatewayd").rglob("*.py"))
    named = {word for page in PAGES for word in re.findall(r"\bGATEWAYD_\w+", page.read_text(encoding="utf-8"))}
    assert {word for word in named if f'"{word}"' not in sources} == set()


def test_metrics_are_measured() -> None:
    source = (ROOT / "gatewayd" / "telemetry" / "metrics.py").read_text(encoding="utf-8")
    named = {word for said in inline() for word in re.findall(r"\bgatewayd_[a-z_]+", said.text)}
    measured = set(re.findall(r'"(gatewayd_[a-z_]+)"', source))
    assert {word for word in named if re.sub(r"_(total|bucket|info)$", "", word) not in measured} == set()
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {word for word in measured if f"`{word}" not in operations} == set()


@pytest.mark.parametrize(
    "said", [read_parameters({"?": ""}, DEFAULT_PARAMETERS), read_class_parameters({"?": ""})], ids=("Gateway", "class")
)
def test_every_parameter_is_described(said: object) -> None:
    assert isinstance(said, tuple)
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    *keys, quotas = said[0].partition("allowed: ")[2].split(", ")
    assert quotas == "max{Route,Namespace}{Matches,Expressions,Bytes}"
    keys += QUOTA_FIELDS
    assert len(keys) > len(QUOTA_FIELDS)
    assert [key for key in keys if f"| `{key}` |" not in operations] == []


def test_every_flag_of_envoy_that_may_be_set_is_described() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [flag for flag in FLAGS if f"`{flag}`" not in operations] == []


JSON_SHAPES = ("cli/view/json_shapes.py", "cli/view/conversion_lines.py", "explain/shape.py", "diff/words.py")


def test_every_key_of_the_json_output_is_described() -> None:
    text = CLI.read_text(encoding="utf-8")
    files = (ROOT / "gatewayd" / name for name in JSON_SHAPES)
    keys = {key for file in files for key in keys_in(ast.parse(file.read_text(encoding="utf-8")))}
    assert [key for key in sorted(keys) if not re.search(rf'["`]{key}["`]', text)] == []


def keys_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for each in node.keys:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


# --- the architecture ------------------------------------------------------------------------------------------------


def invariants() -> list[tuple[str, str]]:
    return [(number, text) for number, text in INVARIANT.findall(ARCHITECTURE.read_text(encoding="utf-8"))]


def contracts() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {each["name"] for each in settings["tool"]["importlinter"]["contracts"]}


def test_invariants_are_numbered() -> None:
    assert [number for number, _ in invariants()] == [str(at) for at in range(1, len(invariants()) + 1)]
    assert invariants()


@pytest.mark.parametrize(("number", "text"), invariants())
def test_an_invariant_is_held_by_a_test_or_a_contract(number: str, text: str) -> None:
    held = text.partition("Held by")[2]
    tests = [each for each in INLINE.findall(held) if each.startswith("tests/") and "::" in each]
    assert tests or CONTRACT.findall(held), f"I{number} names nothing that holds it"


def test_contracts_that_are_named_exist_and_all_are_named() -> None:
    named = {name for page in PAGES for name in CONTRACT.findall(page.read_text(encoding="utf-8"))}
    assert named - contracts() == set()
    assert contracts() - set(CONTRACT.findall(ARCHITECTURE.read_text(encoding="utf-8"))) == set()


def test_every_package_has_its_place_in_the_map() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    packages = [shown(path.parent) for path in sorted((ROOT / "gatewayd").glob("*/**/__init__.py"))]
    assert packages
    assert [name for name in packages if f"`{name}/`" not in text] == []


# --- the decisions ---------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    pages = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    assert [name[:4] for name in pages] == [f"{at:04}" for at in range(1, len(pages) + 1)]
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert [name for name in pages if f"]({name})" not in index] == []


def test_every_decision_says_what_was_turned_down() -> None:
    parts = ("## Decision", "## Turned down", "## Consequences")
    wrong = {
        path.name: missing
        for path in sorted(DECISIONS.glob("[0-9]*.md"))
        if (missing := [part for part in parts if part not in path.read_text(encoding="utf-8")])
    }
    assert wrong == {}
