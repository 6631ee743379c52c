"""Headers by which policies tell backends who a client is: which of them cannot be."""

from gatewayd.api.names import shown
from gatewayd.ir.reserved import HOST, reserved


def refused_header(name: str) -> str:
    """Return why a policy cannot set a header, "" when it can."""
    why = reserved(name) or ("says which host is asked" if name.lower() == HOST else "")
    return f"header {shown(name)} {why}; other headers are allowed" if why else ""
