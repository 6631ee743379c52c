"""What rate limit services are told of a request: the keys of descriptors, one place for who writes and who reads.

A service knows a key with its value, or a key alone, which stands for any value. One that ends in "*" would stand for
all keys that begin so; no name of a header or claim stands at the end here.
https://github.com/envoyproxy/ratelimit#configuration
"""

from typing import Final

LIMIT: Final = "limit"
ROUTE: Final = "route"
CLIENT: Final = "remote_address"
"""What Envoy itself calls the address of a client."""


def header_key(name: str) -> str:
    """Return the key of what a request header says."""
    return f"header({name})"


def claim_key(name: str) -> str:
    """Return the key of what a token says."""
    return f"claim({name})"
