"""Output that cannot be written, and names that should not be: what is served goes on, and no command is fooled."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewayd.demo.backends import serve_backends
from tests.feature.harness.http1 import ask
from tests.feature.harness.ports import free_port
from tests.feature.test_cli import DEADLINE, GATEWAYD, gateway, route, run

pytestmark = pytest.mark.envoy


@asynccontextmanager
async def serving(env: dict[str, str], folder: Path, out: int, err: int, *options: str) -> AsyncIterator[int]:
    """Run `gatewayd up` with these descriptors as its output; yields its pid, and asserts that it ends when told."""
    process = await asyncio.create_subprocess_exec(
        *GATEWAYD, "up", str(folder), *options, env=env, stdout=out, stderr=err
    )
    try:
        yield process.pid
        assert process.returncode is None, "it has ended"
        process.terminate()
        async with asyncio.timeout(DEADLINE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answered(port: int, path: str, backend: str) -> None:
    """Wait until a path is answered by a backend."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                answer = await ask(port, path)
            except OSError:
                answer = None
            if answer is not None and answer.status == 200 and backend in answer.body.decode():
                return
            await asyncio.sleep(0.05)


def hopeless(kind: str) -> tuple[int, ...]:
    """Return a descriptor that nothing can be written to, and what must stay open for it to be so."""
    if kind == "full disk":
        return (os.open("/dev/full", os.O_WRONLY),)
    reader, writer = os.pipe()
    if kind == "closed pipe":
        os.close(reader)
        return (writer,)
    # Somebody holds the other end and never reads; the pipe is full already.
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writer, b"\n" * 4096):
            pass
    os.set_blocking(writer, True)
    return (writer, reader)


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("kind", ["full disk", "closed pipe", "a reader that does not read"])
async def test_what_is_served_does_not_depend_on_output(
    runtime: dict[str, str], folder: Path, kind: str, output: str
) -> None:
    port = free_port()
    async with serve_backends(["one", "two"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        out, *others = hopeless(kind)
        async with serving({**runtime, "GATEWAYD_LOG_LEVEL": "debug"}, folder, out, out, "-o", output):
            await answered(port, "/", "one")
            (folder / "bad.yaml").write_text("a: [")  # something to tell of
            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["two"], "/new"))
            await answered(port, "/new", "two")
        for each in (out, *others):
            os.close(each)


async def test_lines_that_were_lost_are_counted_and_told(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    out, reader = hopeless("a reader that does not read")
    async with serve_backends(["one", "two"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        # As JSON the first board is written at once, so the reader has been waited for before an Envoy answers.
        async with serving(runtime, folder, out, subprocess.DEVNULL, "-o", "json"):
            os.close(out)
            await answered(port, "/", "one")
            lines = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(lines)
            pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(reader, "rb"))
            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["two"], "/new"))
            async with asyncio.timeout(DEADLINE):
                line = b""
                while b"lines could not be written" not in line:
                    line = await lines.readline()
            [notice] = [each for each in json.loads(line)["notices"] if "lines could not be written" in each]
            assert notice.split(" lines ")[0].split()[-1].isdigit()
            assert notice.endswith(": the reader does not read")
            pipe.close()
            await answered(port, "/new", "two")


NAME = b"a\xff\n::stop-commands::tok\n::error \x1b[31m.yaml"


async def test_names_that_are_no_text_are_told_and_served(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port))
        file = Path(os.fsdecode(os.fsencode(folder) + b"/" + NAME))
        await asyncio.to_thread(file.write_text, route(backends["one"]) + "---\nkind: A\n")
        async with serving(runtime, folder, subprocess.DEVNULL, subprocess.DEVNULL):
            await answered(port, "/", "one")
            # A file has a problem, which the status ends with; the route is served all the same.
            for command, expected in ((("status",), 1), (("status", "-o", "json"), 1), (("why", "httproute/shop"), 0)):
                code, out = await run(runtime, *command)
                assert code == expected, out
                assert all(line.isprintable() for line in out.splitlines())
            status = json.loads((await run(runtime, "status", "-o", "json"))[1])
            assert {each["file"] for each in status["problems"]} == {
                f"{folder}/{NAME.decode('utf-8', 'backslashreplace')}"
            }


@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [
        ("| head -1 > /dev/null; exit ${PIPESTATUS[0]}", 1, ""),
        ("> /dev/full", 3, "gatewayd: standard output: "),
        (">&-", 1, ""),
    ],
)
@pytest.mark.parametrize("options", ["", "-o json"])
def test_a_command_that_cannot_tell_ends_quietly(
    runtime: dict[str, str], folder: Path, redirection: str, code: int, words: str, options: str
) -> None:
    (folder / "bad.yaml").write_text("".join(f"---\nkind: A{number}\n" for number in range(5000)))
    script = f"{sys.executable} -m gatewayd check {options} {folder} {redirection}"
    done = subprocess.run(("bash", "-c", script), env=runtime, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (code, [])
    assert done.stderr.startswith(words) if words else done.stderr == ""


@pytest.mark.parametrize("arguments", ["--help", "up --help", "--version", ""])
def test_help_that_cannot_be_written_ends_quietly(runtime: dict[str, str], arguments: str) -> None:
    for redirection, code in (("| true; exit ${PIPESTATUS[0]}", 0), ("> /dev/full", 3)):
        script = f"{sys.executable} -m gatewayd {arguments} {redirection}"
        done = subprocess.run(
            ("bash", "-c", script), env=runtime, capture_output=True, text=True, check=False, timeout=60
        )
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert done.returncode == code, done.stderr
