"""What is wrong with certificates that are served all the same: their time, and the names that they are for.

Said in the message of a good condition: a client may be told otherwise, or not care, so nobody is cut off.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.environment import HERE, Now
from gatewayd.ir.limits import CERTIFICATE_WARNING_DAYS
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tls import Certificate
from gatewayd.translator.certificates import ReadSecret, read_secret
from gatewayd.translator.hostnames import ANY

_SOON = timedelta(days=CERTIFICATE_WARNING_DAYS)


def _unsaid(_view: View, _secret: ObjectKey, _error: Exception, _before: str | None) -> str:
    return ""


@rescued_query(_unsaid)
def time_warning(view: View, secret: ObjectKey) -> str:
    """Return what the time says to a Secret's certificate, "" for nothing: this alone is asked when time passes."""
    read, now = read_secret(view, secret), view.get(Now, HERE)
    if isinstance(read, str) or now is None:
        return ""
    leaf, shown = read.leaf, f'Secret "{secret}": its certificate'
    if leaf.not_after < now.at:
        return f"{shown} ended at {_written(leaf.not_after)} and is served still; put a new one into the Secret"
    if leaf.not_before > now.at:
        return f"{shown} is not valid before {_written(leaf.not_before)} and is served already"
    # Added to now, since an end may be the last moment that there is.
    if leaf.not_after < now.at + _SOON:
        return f"{shown} ends at {_written(leaf.not_after)}; put a new one into the Secret before that"
    return ""


def _written(moment: datetime) -> str:
    """https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (times)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_warnings(view: View, certificates: tuple[Certificate, ...]) -> Iterator[str]:
    """Yield the `time_warning`s of certificates that are served or shown."""
    warnings = (time_warning(view, _secret(each)) for each in certificates)
    yield from (each for each in warnings if each)


def name_warning(view: View, hostname: str, certificates: tuple[Certificate, ...]) -> str:
    """Return that none of the certificates is for a listener's hostname, "" when one is or nobody knows."""
    if hostname == ANY:
        return ""
    names: list[str] = []
    for certificate in certificates:
        read = read_secret(view, _secret(certificate))
        if not isinstance(read, ReadSecret) or read.leaf.dns_names is None:
            return ""
        names.extend(read.leaf.dns_names)
    if not certificates or any(_is_for(name.lower(), hostname) for name in names):
        return ""
    return f"no certificate is for {hostname}; they are for {', '.join(dict.fromkeys(names)) or 'no DNS name'}"


def _is_for(name: str, hostname: str) -> bool:
    """https://www.rfc-editor.org/rfc/rfc9525#section-6.3: a wildcard stands for exactly one label."""
    if name == hostname:
        return True
    label, _, rest = hostname.partition(".")
    return name.startswith("*.") and label != "*" and name[2:] == rest


def _secret(certificate: Certificate) -> ObjectKey:
    namespace, _, name = certificate.name.partition("/")
    return ObjectKey(namespace, name)


def warned(verdict: Verdict, path: str, warnings: tuple[str, ...]) -> Verdict:
    """Return a verdict that says the warnings as well."""
    if not warnings:
        return verdict
    messages = (verdict.message, *(f"{path}: {each}" for each in warnings))
    return replace(verdict, message="; ".join(each for each in messages if each))
