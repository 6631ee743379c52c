"""deploy/Dockerfile, read by those who do what it says without a container engine."""

import shlex
from collections.abc import Iterator

from conformance.build import HERE

DOCKERFILE = HERE.parent / "deploy" / "Dockerfile"


def instructions() -> Iterator[tuple[str, str]]:
    """Yield the instructions in their order: the word, and what follows it."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def environment() -> dict[str, str]:
    """Return the variables that the last stage sets, but for the search path: the image's folders are not there."""
    found: dict[str, str] = {}
    for word, rest in instructions():
        if word == "FROM":
            found = {}
        elif word == "ENV":
            found.update((name, value) for name, _, value in (each.partition("=") for each in shlex.split(rest)))
    del found["PATH"]
    return found
