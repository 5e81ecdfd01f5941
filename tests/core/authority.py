"""An authority for the tests: it signs certificates for nodes of the course, good ones and bad ones, valid around today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ihe_kit.transports import Identity


class Authority:
    """Signs certificates and writes them as PEM files into a folder."""

    def __init__(self, folder: Path, name: str = "Fjordland teaching authority") -> None:
        self.folder, self.name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        # Python 3.13 takes no authority whose certificate does not say by its key usage that it may sign.
        maker = self._certificate(self.name, self.key.public_key(), 365).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.certificate = maker.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def identity(self, name: str, days: int = 30, host: str = "127.0.0.1", trusts: Authority | None = None) -> Identity:
        """The identity of a node; with `days` below 0 its certificate has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        maker = (
            self._certificate(subject, key.public_key(), days).add_extension(names, critical=False).add_extension(signer, critical=False)
        )
        certificate, secret = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(maker.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return Identity(certificate, secret, (trusts or self).file)

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        end = datetime.now(UTC) + timedelta(days=days)
        builder = x509.CertificateBuilder(
            subject_name=subject, issuer_name=self.name, public_key=key, serial_number=x509.random_serial_number()
        )
        builder = builder.not_valid_before(end - timedelta(days=400)).not_valid_after(end)
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
