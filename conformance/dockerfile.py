"""What deploy/Dockerfile says about the environment of the program, for those who run it without a container engine."""

import shlex

from conformance.build import HERE

DOCKERFILE = HERE.parent / "deploy" / "Dockerfile"


def environment() -> dict[str, str]:
    """Return the variables that the last stage sets, but for the search path: the image's folders are not there."""
    last = DOCKERFILE.read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    settings = [each for line in last.splitlines() if line.startswith("ENV ") for each in shlex.split(line)[1:]]
    found = dict(each.split("=", 1) for each in settings)
    del found["PATH"]
    return found
