"""Build every Go binary of the cluster and the suite, cached by content.

In: the Go modules beside this file, and the minor version of Kubernetes in `KUBERNETES`. Out: executables in
`.cache/bin/<module>-<hash>/`, where the hash covers the module's sources, go.mod, go.sum, its Go version and the build
flags, so a binary that exists is the right one.
Errors: `BuildError` with the tail of the compiler's output.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "bin"
_CLUSTER = "cluster"
_MODULES = "go.mod"
_STAMPED = "k8s.io/component-base/version"
NEWER_GO = "go1.27.0"
"""What Gateway API v1.7.0 asks for, more than the cluster is built with; comes through the module proxy."""
_TOOLCHAINS: Mapping[str, str] = {"suite": NEWER_GO}
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false", "GOWORK": "off"}


class BuildError(Exception):
    """A Go binary cannot be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One executable: its name, the Go module (a folder here), the `go` arguments and the package."""

    name: str
    module: str
    package: str
    verb: tuple[str, ...] = ("build",)
    ldflags: str = "-s -w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """A release that the cluster can be of; `modules` is the file in `cluster/` that names its Go modules."""

    minor: str
    version: str
    modules: str = _MODULES

    @property
    def is_default(self) -> bool:
        """Return whether the cluster is of this release when nothing is said."""
        return self.modules == _MODULES

    @property
    def stamp(self) -> str:
        """Return the flags of the linker that tell a program which release it is."""
        major, minor = self.minor.split(".")
        fields = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor}
        return " ".join(f"-X {_STAMPED}.{name}={value}" for name, value in fields.items())


RELEASES: Mapping[str, Kubernetes] = {
    each.minor: each
    for each in (
        Kubernetes(minor="1.36", version="v1.36.3"),
        Kubernetes(minor="1.37", version="v1.37.2", modules="kubernetes-1.37.mod"),
    )
}
"""The releases of Kubernetes that the cluster can be of, by minor version; the first is the default."""


def kubernetes() -> Kubernetes:
    """Return the release that the environment asks for with `KUBERNETES=MINOR`. Raises BuildError for one there is not.

    It is read there, since a cluster is brought up by several processes, one in the other.
    """
    chosen = os.environ.get("KUBERNETES") or next(iter(RELEASES))
    if chosen not in RELEASES:
        raise BuildError(f"KUBERNETES={chosen}: no release that the cluster can be of; there are {', '.join(RELEASES)}")
    return RELEASES[chosen]


def _of_cluster(release: Kubernetes) -> tuple[Binary, ...]:
    """Return the programs of the cluster in a release; etcd does not say which one it goes with."""
    verb = ("build",) if release.is_default else ("build", f"-modfile={release.modules}")
    stamped = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kubectl")
    return (
        Binary(name="etcd", module=_CLUSTER, package="./cmd/etcd", verb=verb),
        *(
            Binary(name=name, module=_CLUSTER, package=f"./cmd/{name}", verb=verb, ldflags=f"-s -w {release.stamp}")
            for name in stamped
        ),
    )


_BESIDE = (
    Binary(name="coredns", module="coredns", package="."),
    Binary(name="echo-basic", module="suite", package="sigs.k8s.io/gateway-api-conformance-images/echo-basic"),
    Binary(name="suite.test", module="suite", package=".", verb=("test", "-c", "-vet=off")),
    Binary(name="loadclient", module="loadclient", package="."),
    Binary(name="kubeletexec", module="kubeletexec", package="."),
    Binary(name="echo", module="echo", package="."),
    Binary(name="helm", module="helm", package="helm.sh/helm/v3/cmd/helm"),
)
# What only the tests of limits need that a service counts: built when it is first asked for.
COUNTING = (Binary(name="ratelimit", module="ratelimit", package="github.com/envoyproxy/ratelimit/src/service_cmd"),)
# What only the comparison with peers needs (bench/peers): large, and built when it is first asked for.
PEERS = (
    Binary(
        name="envoy-gateway",
        module="envoygateway",
        package="github.com/envoyproxy/gateway/cmd/envoy-gateway",
        ldflags="-s -w -X github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion=v1.9.1",
    ),
)


def _always() -> tuple[Binary, ...]:
    """Return what every cluster needs."""
    return (*_of_cluster(kubernetes()), *_BESIDE)


@functools.cache
def _by_name() -> Mapping[str, Binary]:
    return {binary.name: binary for binary in (*_always(), *COUNTING, *PEERS)}


def built(name: str) -> Path:
    """Return the executable called `name`, building it first when the cache has none for the present sources."""
    binary = _by_name()[name]
    target = CACHE / f"{binary.module}-{_content_hash(binary.module)}" / name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        if not target.exists():  # another run may have built it while this one waited
            _build(binary, target)
    return target


def build_all() -> Mapping[str, Path]:
    """Return every executable of the cluster and the suite by name, building what is missing, one at a time."""
    return {binary.name: built(binary.name) for binary in _always()}


def _environment(module: str) -> Mapping[str, str]:
    """Return what the environment of the compiler of a module adds to ours."""
    toolchain = _TOOLCHAINS.get(module)
    return _ENVIRONMENT if toolchain is None else {**_ENVIRONMENT, "GOTOOLCHAIN": toolchain}


@functools.cache
def _go_version(module: str) -> str:
    environment = {**os.environ, **_environment(module)}
    command = ("go", "env", "GOVERSION")
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/", env=environment)
    except FileNotFoundError as error:
        raise BuildError("go is not on PATH; Go 1.26 or newer is needed, see https://go.dev/dl") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{module}: {error.stderr.strip()}") from error
    return done.stdout.strip()


@functools.cache
def _content_hash(module: str) -> str:
    digest = hashlib.sha256()
    root = HERE / module
    modules = root / (kubernetes().modules if module == _CLUSTER else _MODULES)
    sources = [*root.rglob("*.go"), modules, modules.with_suffix(".sum")]
    for source in sorted(sources):
        digest.update(f"{source.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    mine = (binary for binary in _by_name().values() if binary.module == module)
    flags = [(binary.name, binary.verb, binary.package, binary.ldflags) for binary in mine]
    digest.update(repr((_go_version(module), sorted(_environment(module).items()), flags)).encode())
    return digest.hexdigest()[:16]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the build lock: two compilers of this size at once need more memory than small machines have."""
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(binary: Binary, target: Path) -> None:
    draft = target.with_name(f".{binary.name}.draft")
    command = ("nice", "-n", "19", "go", *binary.verb, "-v", "-ldflags", binary.ldflags, "-o", str(draft))
    started = time.monotonic()
    print(f"building {binary.name} ...", file=sys.stderr, flush=True)
    with subprocess.Popen(
        (*command, binary.package),
        cwd=HERE / binary.module,
        env={**os.environ, **_environment(binary.module)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as compiler:
        tail = _report_progress(binary.name, compiler, started)
    if compiler.returncode != 0:
        raise BuildError(f"{binary.name}: go {' '.join(binary.verb)} ended with {compiler.returncode}:\n{tail}")
    draft.rename(target)
    seconds = time.monotonic() - started
    print(f"built {binary.name} in {seconds:.0f} s", file=sys.stderr, flush=True)


def _report_progress(name: str, compiler: subprocess.Popen[str], started: float) -> str:
    """Count the packages that `go -v` names, print a line every 15 s, and return the last lines of the output."""
    lines: list[str] = []
    reported = started
    for line in compiler.stderr or ():
        lines.append(line)
        now = time.monotonic()
        if now - reported >= 15:
            reported = now
            text = f"  {name}: {len(lines)} packages after {now - started:.0f} s, now {line.strip()}"
            print(text, file=sys.stderr, flush=True)
    return "".join(lines[-30:])


if __name__ == "__main__":
    for built_name, built_path in build_all().items():
        print(f"{built_name}\t{built_path}")
