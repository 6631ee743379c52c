"""The Go programs of this folder: `adsclient` (N Envoys) and `gcp` (go-control-plane)."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / ".cache" / "bin" / "bench-peers"


def built() -> Path:
    """Return the folder of the executables, made anew where a source has changed (Go's own cache knows)."""
    TARGET.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    command = ("nice", "-n", "19", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", f"{TARGET}/", "./...")
    subprocess.run(command, cwd=HERE, env=environment, check=True)
    return TARGET
