"""How fast this machine runs Python, so that figures of different machines can be compared."""

import hashlib
import json
import time
from typing import Final

_TIMES: Final = 7
_ROWS: Final = 2_000


def yardstick_ms() -> float:
    """Return the milliseconds of CPU of work that never changes: the least of some runs.

    It is made of what translation is made of: small objects, dictionaries, text and hashes.
    """
    return round(min(_run() for _ in range(_TIMES)) * 1000, 1)


def _run() -> float:
    began = time.process_time()
    rows = {str(number): {"name": f"row-{number}", "values": [number] * 5} for number in range(_ROWS)}
    for _ in range(5):
        hashlib.blake2b(json.dumps(rows, sort_keys=True).encode()).digest()
    sum(len(name) for name in rows for _ in range(50))
    return time.process_time() - began
