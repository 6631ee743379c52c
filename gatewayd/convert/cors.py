"""What pages of other origins may do, as the CORS filter of a rule."""

from collections.abc import Sequence

from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields


def cors_filter(
    written: Fields, origins: Sequence[str], methods: Sequence[str], milliseconds: int | None
) -> tuple[JSON, ...]:
    """Return the filter for these origins, none where there is none; `milliseconds` is how long an answer holds.

    Headers and credentials are those of `written`, whose fields are called as the filter's.
    """
    credentials = written.boolean("allowCredentials")
    if credentials and "*" in origins:
        written.approximate("allowCredentials", "browsers take no credentials from an answer for every origin")
    lists = {
        "allowMethods": methods,
        "allowHeaders": written.texts("allowHeaders"),
        "exposeHeaders": written.texts("exposeHeaders"),
    }
    cors = {
        "allowOrigins": list(dict.fromkeys(origins)),
        **({"allowCredentials": True} if credentials and "*" not in origins else {}),
        **{name: list(dict.fromkeys(each)) for name, each in lists.items() if each},
        **({"maxAge": milliseconds // 1000} if milliseconds and milliseconds >= 1000 else {}),
    }
    return ({"type": "CORS", "cors": cors},) if origins else ()
