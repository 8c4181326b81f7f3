"""Verifiers of witness codes: Argon2id, made for one person and good for nothing else.

The purpose and the person go into what is stretched. So a verifier that was put under a colleague's
name fits no code of hers, and one of a code that somebody also uses as a passphrase opens nothing.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fieldapp.domain.witness_codes import is_verifier, normal
from fieldapp.security.kdf import KEY_BYTES, SALT_BYTES, KdfParams, one_at_a_time

_PURPOSE = "fieldapp witness code v1"


def make_verifier(code: str, practitioner_id: str, params: KdfParams) -> str:
    """Return what is stored of a code. Slow; for a worker thread."""
    stretch = Argon2id(
        salt=os.urandom(SALT_BYTES),
        length=KEY_BYTES,
        iterations=params.iterations,
        lanes=params.lanes,
        memory_cost=params.memory_kib,
    )
    with one_at_a_time:
        return stretch.derive_phc_encoded(_material(code, practitioner_id))


def fits(code: str, practitioner_id: str, verifier: str) -> bool:
    """True when the code is the one that the verifier was made from. Slow, as making it was."""
    if not is_verifier(verifier):
        return False  # it could ask for all memory there is
    try:
        with one_at_a_time:
            Argon2id.verify_phc_encoded(_material(code, practitioner_id), verifier)
    except InvalidKey:
        return False
    return True


def _material(code: str, practitioner_id: str) -> bytes:
    return "\x00".join((_PURPOSE, practitioner_id, normal(code))).encode()
