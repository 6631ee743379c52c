"""Kubeconfig files -> Access, with all that they may say: certificates, tokens, plugins that fetch one.

Imported only when somebody names such a file: see `gatewayd.kube.access`.
"""

import ssl
from pathlib import Path
from typing import NamedTuple

from kubernetes_asyncio import config
from kubernetes_asyncio.client import Configuration

from gatewayd.kube.access import Access, AccessError


class UserContext(NamedTuple):
    """A context of a kubeconfig: its name, how its cluster is reached, and the namespace that is meant by itself."""

    name: str
    access: Access
    namespace: str


async def user_context(file: Path | None, name: str) -> UserContext:
    """Return a context of a file, or of what KUBECONFIG names, else ~/.kube/config; "" is the current one.

    Raises AccessError.
    """
    _look(file)
    where = None if file is None else str(file)
    try:
        contexts, current = config.list_kube_config_contexts(config_file=where)
    except (config.ConfigException, OSError) as error:
        raise AccessError(f"{where or 'kubeconfig'}: {error}") from error
    chosen = next((each for each in contexts if each["name"] == name), None) if name else current
    if chosen is None:
        known = ", ".join(sorted(each["name"] for each in contexts)) or "none"
        raise AccessError(f"--context {name}: there is no such context; there are: {known}")
    access = await kubeconfig_access(file, name)
    return UserContext(chosen["name"], access, chosen["context"].get("namespace") or "default")


async def kubeconfig_access(file: Path | None, name: str = "") -> Access:
    """Return the access that a context of the file gives, "" for its current one; None as in `user_context`.

    Raises AccessError.
    """
    _look(file)
    configuration = Configuration()
    try:
        await config.load_kube_config(
            config_file=None if file is None else str(file),
            context=name or None,
            client_configuration=configuration,
            persist_config=False,
        )
        context = _context(configuration)
    except (config.ConfigException, OSError) as error:
        raise AccessError(f"{file or 'kubeconfig'}: {error}") from error

    async def authorization() -> str:
        auth_settings: dict[str, dict[str, str]] = await configuration.auth_settings()
        return auth_settings.get("BearerToken", {}).get("value", "")

    return Access(
        url=configuration.host.rstrip("/"),
        tls=context,
        server_name=configuration.tls_server_name,
        proxy=configuration.proxy,
        authorization=authorization,
    )


def _look(file: Path | None) -> None:
    """Say of a file that is not there that it is not; the library calls it an invalid one, and prints that."""
    if file is not None and not file.exists():
        raise AccessError(f"{file}: there is no such file")


def _context(configuration: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.disable_strict_ssl_verification:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
