"""Kubeconfig files -> Access, with all that they may say: certificates, tokens, plugins that fetch one.

Imported only when somebody names such a file: see `gatewayd.kube.access`.
"""

import ssl
from pathlib import Path

from kubernetes_asyncio import config
from kubernetes_asyncio.client import Configuration

from gatewayd.kube.access import Access, AccessError


async def kubeconfig_access(file: Path) -> Access:
    """Return the access that the file's current context gives. Raises AccessError."""
    configuration = Configuration()
    try:
        await config.load_kube_config(config_file=str(file), client_configuration=configuration, persist_config=False)
        context = _context(configuration)
    except (config.ConfigException, OSError) as error:
        raise AccessError(f"{file}: {error}") from error

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
