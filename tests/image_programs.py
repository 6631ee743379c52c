"""What images bring and a machine need not have: the allocator of gatewayd's image, the perl of Envoy's.

`make system` installs both, and `make image` fails where one is missing instead of skipping its tests.
"""

import os
import shutil
from ctypes.util import find_library
from typing import Final

import pytest

_REQUIRED: Final = "GATEWAYD_IMAGE" in os.environ
_ADVICE: Final = "is not on this machine: make system, then make image"

HAS_ALLOCATOR: Final = find_library("jemalloc") is not None or _REQUIRED
HAS_PERL: Final = shutil.which("perl") is not None or _REQUIRED

needs_allocator = pytest.mark.skipif(not HAS_ALLOCATOR, reason=f"jemalloc {_ADVICE}")
needs_perl = pytest.mark.skipif(not HAS_PERL, reason=f"perl {_ADVICE}")
