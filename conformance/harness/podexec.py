"""Commands in a container as `kubectl exec` runs them, over a websocket: what they write, their errors, how they end.

https://github.com/kubernetes/kubelet/tree/master/pkg/cri/streaming/remotecommand (websocket)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from aiohttp import web

from conformance.harness.podports import SUBPROTOCOL

_OUT, _ERRORS, _STATUS = b"\x01", b"\x02", b"\x03"
_CHUNK = 1 << 15


async def run(request: web.Request, command: Sequence[str]) -> web.WebSocketResponse:
    """Run a command without input and send what it writes, then how it ended."""
    channels = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
    await channels.prepare(request)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()
    for channel, data in ((_OUT, out), (_ERRORS, errors)):
        for at in range(0, len(data), _CHUNK):
            await channels.send_bytes(channel + data[at : at + _CHUNK])
    await channels.send_bytes(_STATUS + json.dumps(_status(process.returncode or 0)).encode())
    await channels.close()
    return channels


def _status(code: int) -> dict[str, str]:
    if code == 0:
        return {"status": "Success"}
    return {"status": "Failure", "message": f"command terminated with exit code {code}"}
