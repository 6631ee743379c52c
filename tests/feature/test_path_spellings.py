"""Hundreds of spellings of one path against a real Envoy: no backend gets a guarded path by another rule than its own.

What a backend may read a path as: percent-decoded once, backslashes as slashes, slashes merged, dot segments removed
(https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2). Decoding twice, or cutting at ";", is not.
"""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two")
ROUTE = http_route(
    "s",
    "- {matches: [{path: {value: /admin}}], filters: [<tag:admin>], backendRefs: [{name: two, port: 80}]}\n"
    "- {filters: [<tag:rest>], backendRefs: [{name: one, port: 80}]}",
    host="s.example",
)
BEFORE = (
    "/", "//", "///", "/./", "/././", "/x/../", "/x/./../", "/x/y/../../", "/x//../", "/x/..//", "/../", "/../../",
    "/%2e/", "/%2E/", "/x/%2e%2e/", "/x/%2E%2e/", "/x/.%2e/", "/x/%2e./", "/%2f", "/%2F", "/x/..%2f", "/x%2f../",
    "/x%2f..%2f", "/x%2F%2e%2e%2F", "/%5c", "/%5C", "/\\", "/x\\..\\", "/x/..\\", "/x%5c..%5c", "/.%2f", "/%2e%2f",
    "/x/..;/", "/;/", "/.;/", "/%3b/", "/%c0%af", "/%c0%ae/", "/x/%c0%ae%c0%ae/", "/%252f", "/%252e/",
    "/x/%252e%252e/", "/%u002f", "/ ", "/%20/..", "/%20/../", "/?/", "/#/", "/x?/../", "/x#/../", "/%23/../",
    "/%3f/../",
)  # fmt: skip
"""Ways to begin a path that may lead to the root."""
AFTER = (
    "",
    "/",
    "//",
    "/.",
    "/./",
    "/..",
    "/../",
    "/../admin",
    "/x/..",
    "/%2e",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    ";",
    ";x=1",
    "?",
    "#",
)


def spellings() -> Iterator[str]:
    for before in BEFORE:
        yield f"{before}admin"
    for after in AFTER:
        yield f"/admin{after}"
        yield f"/x/../admin{after}"
    for at, letter in enumerate("admin"):
        for form in (f"%{ord(letter):02x}", f"%{ord(letter):02X}", f"%25{ord(letter):02x}", letter.upper()):
            yield f"/{'admin'[:at]}{form}{'admin'[at + 1 :]}"
    yield "/" + "".join(f"%{ord(letter):02x}" for letter in "admin")
    for byte in range(1, 256):
        yield f"/%{byte:02x}admin"
        yield f"/admin%{byte:02X}"
        yield f"/x/%{byte:02x}/../../admin"


def read_as(path: str) -> str:
    """Return what a backend may take a path for."""
    text = unquote_to_bytes(path.partition("?")[0].partition("#")[0]).decode("latin-1").replace("\\", "/")
    kept: list[str] = []
    for part in text.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept)


def is_guarded(path: str) -> bool:
    return read_as(path).split("/")[1] == "admin"


async def test_no_spelling_leads_to_a_guarded_path_by_another_rule(world: World) -> None:
    await world.apply(ROUTE)
    table = [*spellings()]
    assert len(table) > 800
    assert sum(map(is_guarded, table)) > 300

    wrong = []
    for spelling in table:
        answer = await world.ask(spelling, host="s.example")
        if answer.backend and answer.route == "rest" and is_guarded(seen(answer)):
            wrong.append((spelling, seen(answer)))

    assert wrong == []
    assert (await world.ask("/admin", host="s.example")).said == (200, "admin", "two")
    assert (await world.ask("/x", host="s.example")).said == (200, "rest", "one")


def seen(answer: Answer) -> str:
    """Return the path as the backend saw it."""
    path: str = answer.echo["path"]
    return path
