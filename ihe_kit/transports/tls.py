"""Mutual TLS: each side shows who it is, and trusts only whom it knows (ITI TF-2 section 3.19, Authenticate Node). And why a handshake failed.

TLS 1.2 is the oldest version that is spoken (section 3.19.6.2.3). Trust comes from the authorities that were named, never from the names in a
certificate; to check the server's name too is an option (section 3.19.6.1.4).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """Who we are and whom we trust: paths of PEM files with our certificate, our private key, and the authorities whose word we take."""

    certificate: str | Path
    key: str | Path
    authorities: str | Path
    check_name: bool = False  # that the server's certificate is for the address that we called

    def client(self) -> ssl.SSLContext:
        """The context of the side that calls: it checks the server's certificate. Raises ValueError for a file that cannot be used."""
        context = self._context(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.check_name
        return context

    def server(self) -> ssl.SSLContext:
        """The context of the side that listens: who shows no certificate is turned away."""
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _context(self, side: int) -> ssl.SSLContext:
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations(self.authorities)
        except (OSError, ssl.SSLError) as problem:
            files = f"{self.certificate}, {self.key} and {self.authorities}"
            raise ValueError(f"no identity can be made of {files}: {getattr(problem, 'reason', None) or problem.strerror}") from None
        return context


# What OpenSSL calls it -> what it means. An alert is what the other side tells; the rest is what we found out ourselves.
REASONS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a certificate from us, and we showed none",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client showed no certificate, and this server talks only to those it knows",
    "TLSV1_ALERT_UNKNOWN_CA": "the other side does not trust the authority that signed our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the other side says that our certificate has expired",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the other side finds our certificate bad",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the other side does not accept our certificate",
    "TLSV1_ALERT_DECRYPT_ERROR": "the other side found a signature of ours that does not fit: does the key belong to the certificate?",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the other side refuses this version of TLS: 1.2 is the oldest that is safe",
    "UNSUPPORTED_PROTOCOL": "the other side speaks only versions of TLS that are not safe: 1.2 is the oldest that is",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the two sides found no common way: neither a version nor a cipher, or a certificate was wanted and not shown",
    "NO_SHARED_CIPHER": "the two sides have no cipher in common",
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS at all",
    "HTTP_REQUEST": "the other side does not speak TLS at all: it sent plain HTTP",
    "UNEXPECTED_EOF_WHILE_READING": "the other side hung up in the middle of the handshake",
    "RECORD_LAYER_FAILURE": "the other side does not speak TLS at all",
}


def failure(problem: BaseException) -> str:
    """Why a handshake failed, in a reader's words; OpenSSL's own where it is none of the usual reasons."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"the certificate of the other side was not accepted: {problem.verify_message or problem.reason}"
    if isinstance(problem, TimeoutError):
        return "the other side did not finish the handshake in time"
    reason = getattr(problem, "reason", None) or ""
    return REASONS.get(reason, reason.replace("_", " ").lower() or str(problem) or "the other side hung up in the middle of the handshake")
