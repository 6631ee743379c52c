"""What the commands without a running Envoy share: reading manifests."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import CANNOT_START, INVALID

if TYPE_CHECKING:
    from gatewayd.manifests.admission import AdmissionRules
    from gatewayd.manifests.read_once import Manifests
    from gatewayd.offline.translation import Translation

STDIN: Final = Path("-")
_BUILDERS: Final = (("kustomize", "build"), ("kubectl", "kustomize"))
"""Programs that build a kustomization: https://kubectl.docs.kubernetes.io/references/kustomize/"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which files are read, what becomes of fields of no known version of the CRDs, and whose kinds are read."""

    exclude: tuple[str, ...] = ()
    newer_crds: bool = False
    envoy_gateway_kinds: bool = False

    @property
    def rules(self) -> "AdmissionRules":
        """How documents are judged."""
        from gatewayd.manifests.admission import AdmissionRules, Strictness

        strictness = Strictness.WARN if self.newer_crds else Strictness.REFUSE
        return AdmissionRules(strictness=strictness, envoy_gateway_kinds=self.envoy_gateway_kinds)


EVERYTHING: Final = Reading()


def translation(paths: Sequence[Path], reading: Reading = EVERYTHING) -> "Translation":
    """Read and translate folders, files, and standard input ("-"); ends the program when one is not there."""
    from gatewayd.manifests.read_once import STDIN_NAME, Choice, NoManifestsError, parse, read_limited, read_paths

    try:
        if list(paths) == [STDIN]:
            return _translated(parse({STDIN_NAME: read_limited(sys.stdin.buffer)}, reading.rules))
        return _translated(read_paths(paths, Choice(exclude=reading.exclude, rules=reading.rules)))
    except NoManifestsError as error:
        raise end(str(error), INVALID) from error


def translated_texts(texts: Mapping[str, bytes], reading: Reading = EVERYTHING) -> "Translation":
    """Translate texts by the names of their files."""
    from gatewayd.manifests.read_once import parse

    return _translated(parse(dict(texts), reading.rules))


def kustomized(folder: Path, reading: Reading) -> "Translation":
    """Build a kustomization and translate what comes of it; ends the program when that cannot be done."""
    from gatewayd.manifests.read_once import parse

    builder = next((each for each in _BUILDERS if shutil.which(each[0]) is not None), None)
    if builder is None:
        raise end("-k: neither kustomize nor kubectl is on the PATH; one of them builds the folder", CANNOT_START)
    built = subprocess.run([*builder, str(folder)], capture_output=True, check=False)
    if built.returncode:
        raise end(f"-k {folder}: {built.stderr.decode(errors='replace').strip()}", INVALID)
    return _translated(parse({f"kustomize:{folder}": built.stdout}, reading.rules))


def _translated(manifests: "Manifests") -> "Translation":
    from gatewayd.cli.environment import log_to_stderr
    from gatewayd.offline.translation import translate
    from gatewayd.run.clock import time_now

    # Else the log would stand between the lines that the command writes.
    log_to_stderr()
    return translate(manifests, time_now())
