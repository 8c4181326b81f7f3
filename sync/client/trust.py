"""Whom a TLS line is believed: the organisation's own CAs, and nobody else once they are known."""

from __future__ import annotations

import ssl
from collections.abc import Sequence


def trusting(authorities: Sequence[str]) -> ssl.SSLContext:
    """Return what believes these certificates (PEM) alone; the system's own count for nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # An organisation may pin a CA that a higher one has signed.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata="\n".join(authorities))
    return context


def believing_nobody() -> ssl.SSLContext:
    """Return what takes any certificate: only to fetch what is then compared with a fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
