"""Which gatewayd this is. A module of its own: who asks need not load what metrics are made with."""

from importlib import metadata


def installed_version() -> str:
    """Return the version of the installed gatewayd, "unknown" when it runs from a bare source tree."""
    try:
        return metadata.version("gatewayd")
    except metadata.PackageNotFoundError:
        return "unknown"
