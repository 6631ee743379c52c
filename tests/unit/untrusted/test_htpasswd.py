import pytest

from gatewayd.untrusted.htpasswd import MOST_USERS, NoUsers, users

HASH = "{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="


def test_users_with_their_hashes() -> None:
    text = f"# made by htpasswd -s\r\nann:{HASH}\r\n\r\nbob:{HASH}"
    assert users(text) == (("ann", HASH), ("bob", HASH))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no user"),
        ("# nobody", "has no user"),
        (f"ann:{HASH}\nbob:$2y$05$secret", "line 2 is not in SHA-1 format, the only one that Envoy reads"),
        ("ann:secret", "line 1 is not in SHA-1 format, the only one that Envoy reads"),
        (f":{HASH}", "line 1 is not in SHA-1 format, the only one that Envoy reads"),
        (f"a b:{HASH}", "line 1 is not in SHA-1 format, the only one that Envoy reads"),
        (f"ann:{HASH}\nann:{HASH}", "line 2 is for a user who has one before"),
        ("".join(f"u{each}:{HASH}\n" for each in range(MOST_USERS + 1)), "has 257 users; at most 256 are allowed"),
    ],
)
def test_what_nobody_can_be_checked_by(text: str, why: str) -> None:
    assert users(text) == NoUsers(why=why)
