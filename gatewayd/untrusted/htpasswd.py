"""Files as `htpasswd -s` writes them -> users and what is known of their passwords.

Envoy refuses a whole route table for one line that it cannot read, and reads no hash but SHA-1.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/basic_auth/v3/basic_auth.proto
"""

import re
from dataclasses import dataclass
from typing import Final

MOST_USERS: Final = 256
"""They stand in every route that asks for them."""
_LINE: Final = re.compile(r"(?P<user>[!-9;-~]{1,255}):(?P<hash>\{SHA\}[A-Za-z0-9+/]{27}=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUsers:
    """A text that nobody can be checked by. `why` tells nothing of what is in it but the number of a line."""

    why: str


def users(text: str) -> tuple[tuple[str, str], ...] | NoUsers:
    """Return the users with the hashes of their passwords; empty lines and those that begin with "#" are left out."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        read = _LINE.fullmatch(line.strip())
        if read is None:
            return NoUsers(why=f"line {number} is not in SHA-1 format, the only one that Envoy reads")
        if read["user"] in found:
            return NoUsers(why=f"line {number} is for a user who has one before")
        found[read["user"]] = read["hash"]
    if not found:
        return NoUsers(why="has no user")
    if len(found) > MOST_USERS:
        return NoUsers(why=f"has {len(found)} users; at most {MOST_USERS} are allowed")
    return tuple(found.items())
