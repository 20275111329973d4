"""Certificates made in the test, and TLS servers that show them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="no cryptography here: make test installs it")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_numbers = itertools.count()
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The same in binary."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        """The key alone, in clear."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def make(  # noqa: PLR0913 - what a certificate says
    name: str,
    names: Sequence[str] = (),
    *,
    by: Made | None = None,
    is_ca: bool = False,
    now: dt.datetime,
    begins: float = -10,
    ends: float = 90,
) -> Made:
    """A certificate for these names or addresses, signed by another or by itself; `begins`, `ends`: days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins * DAY)
        .not_valid_after(now + ends * DAY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
    signer = by.key if by else key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return Made(builder.add_extension(authority, critical=False).sign(signer, hashes.SHA256()), key)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def serving(folder: Path, leaf: Made, *chain: Made) -> ssl.SSLContext:
    """The context of a server that shows these."""
    file = folder / f"server-{next(_numbers)}.pem"
    file.write_bytes(leaf.key_pem + leaf.pem + b"".join(each.pem for each in chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def real_now() -> dt.datetime:
    """The real time: what OpenSSL holds certificates against."""
    return dt.datetime.now(dt.UTC)


def written(folder: Path, *made: Made) -> str:
    """A PEM file with these; its path."""
    file = folder / f"certificates-{next(_numbers)}.pem"
    file.write_bytes(b"".join(each.pem for each in made))
    return str(file)
