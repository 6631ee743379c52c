"""A measurement whose process is set as those of the image are."""

import os
import sys

from conformance import dockerfile


def as_in_the_image(module: str) -> None:
    """Start a module again with the image's environment and the same arguments, unless this is it."""
    wanted = {**os.environ, **dockerfile.environment()}
    if wanted != os.environ:
        os.execve(sys.executable, (sys.executable, "-m", module, *sys.argv[1:]), wanted)  # noqa: S606
