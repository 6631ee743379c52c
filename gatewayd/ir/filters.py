"""What is done to a request or response on its way, beside sending it somewhere.

A new filter is a dataclass here and a member of `HTTPFilter` (docs/contributing.md, recipe 1).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header to write. Names keep the case that the user wrote; comparison ignores it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChanges:
    """Headers to overwrite (`set`), to append (`add`) and to drop (`remove`)."""

    set: tuple[Header, ...]
    add: tuple[Header, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeaders:
    """Change the headers of the request before it goes to the backend."""

    changes: HeaderChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeaders:
    """Change the headers of the response before it goes to the client."""

    changes: HeaderChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Cross-origin rules. `origins` as the spec writes them: "*", "https://a.example", "https://*.example:8443".

    "*" in `methods`, `allow_headers`, `expose_headers` means any. `max_age` in seconds.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: int
    credentials: bool


HTTPFilter = RequestHeaders | ResponseHeaders | Cors
