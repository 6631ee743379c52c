"""Commands in a container as `kubectl exec` runs them. A program of Go's answers: nothing else here knows SPDY.

The request comes by SPDY/3.1 from clients of Go's and by websockets from others:
https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/cri-streaming
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Sequence

from conformance.build import built
from conformance.harness import commands, relay
from conformance.harness.relay import Ends

BINARY = "kubeletexec"


async def answer(request: bytes, client: Ends, enter: Sequence[str]) -> None:
    """Have a request answered whose head has been read; `enter` is the command after which what it asks for is run.

    When the client goes away, so does what it started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            str(built(BINARY)), *enter, stdin=theirs.fileno(), start_new_session=True
        )
    program = await relay.opened(ours)
    try:
        program.writer.write(request)
        await relay.carry(client, program)
    finally:
        await relay.close(program)
        commands.signal_group(process.pid, signal.SIGKILL)
        await process.wait()
