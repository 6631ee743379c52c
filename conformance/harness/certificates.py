"""The cluster's keys and certificates, written as PEM files: one CA, three leaves, one service account key pair."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conformance.harness.addresses import API_SERVICE_IP, CLUSTER_DOMAIN, NODE_IP, NODE_NAME

_LIFETIME = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate file and its key file."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Where each PEM file of the cluster is."""

    ca: Path
    api_server: Pair
    kubelet: Pair
    kubelet_client: Pair
    service_account_key: Path
    service_account_public_key: Path


class _Authority:
    """Issues leaves below one fresh CA, into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance-cluster-ca")])
        self.certificate = (
            _unsigned(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, name: str, subject: x509.Name, hosts: Sequence[str]) -> Pair:
        """Write `name`.crt and `name`.key, good for both ends of TLS, valid for `hosts` (DNS names and addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = _unsigned(subject, self._name, key.public_key()).add_extension(usages, critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        pair = Pair(certificate=self.folder / f"{name}.crt", key=self.folder / f"{name}.key")
        pair.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        _write_key(pair.key, key)
        return pair


def write_certificates(folder: Path, address: str = NODE_IP) -> Certificates:
    """Make everything afresh in `folder`, which must exist; the API server is at this address."""
    authority = _Authority(folder)
    (folder / "ca.crt").write_bytes(_pem(authority.certificate))
    service_account = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / "service-account.key", service_account)
    (folder / "service-account.pub").write_bytes(
        service_account.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    api_names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
    ]
    api_hosts = [*api_names, "localhost", "127.0.0.1", address, API_SERVICE_IP]
    return Certificates(
        ca=folder / "ca.crt",
        api_server=authority.issue("api-server", _subject("kube-apiserver"), api_hosts),
        kubelet=authority.issue("kubelet", _subject(f"system:node:{NODE_NAME}"), [NODE_NAME, NODE_IP]),
        kubelet_client=authority.issue("kubelet-client", _subject("kube-apiserver-kubelet-client"), []),
        service_account_key=folder / "service-account.key",
        service_account_public_key=folder / "service-account.pub",
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _unsigned(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
