"""Keys are derived as written down, and buffers are wiped."""

from __future__ import annotations

import pytest

from fieldapp.security import kdf
from fieldapp.security.errors import KeyFileDamagedError, RecoveryKeyMalformedError
from fieldapp.security.recovery import new_recovery_key, parse_recovery_key
from fieldapp.security.secretbuf import cipher_key_text, wipe


def test_the_usual_cost_is_the_second_choice_of_rfc_9106() -> None:
    assert kdf.KdfParams() == kdf.KdfParams(memory_kib=65536, iterations=3, lanes=4)


def test_cost_parameters_survive_the_key_file() -> None:
    assert kdf.KdfParams.from_json(kdf.FAST.as_json()) == kdf.FAST


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"alg": "argon2id", "m": 19455, "t": 1, "p": 1},
        {"alg": "argon2id", "m": 1048577, "t": 1, "p": 1},
        {"alg": "argon2id", "m": 65536, "t": 0, "p": 1},
        {"alg": "argon2id", "m": 65536, "t": 21, "p": 1},
        {"alg": "argon2id", "m": 65536, "t": 1, "p": 17},
        {"alg": "argon2id", "m": 65536, "t": True, "p": 1},
        {"alg": "argon2id", "m": 65536.0, "t": 1, "p": 1},
        {"alg": "argon2i", "m": 65536, "t": 1, "p": 1},
        {"alg": "argon2id", "m": 65536, "t": 1},
    ],
)
def test_a_weaker_or_absurd_cost_is_refused(value: object) -> None:
    with pytest.raises(KeyFileDamagedError):
        kdf.KdfParams.from_json(value)


def test_device_secret_salt_and_purpose_each_change_the_wrapping_key() -> None:
    def key(secret: bytes, device: bytes | None, salt: bytes, purpose: str) -> bytes:
        bound = None if device is None else bytearray(device)
        return bytes(kdf.wrapping_key(bytearray(secret), bound, salt, purpose))

    keys = {
        key(b"s" * 32, b"d" * 32, b"x" * 16, "p"),
        key(b"s" * 32, b"e" * 32, b"x" * 16, "p"),
        key(b"s" * 32, None, b"x" * 16, "p"),
        key(b"s" * 32, b"d" * 32, b"y" * 16, "p"),
        key(b"s" * 32, b"d" * 32, b"x" * 16, "q"),
    }
    assert len(keys) == 5


def test_the_cipher_key_text_is_hex_of_key_and_salt() -> None:
    text = cipher_key_text(bytearray(range(32)), bytes(range(200, 216)))
    expected = "x'" + bytes(range(32)).hex() + bytes(range(200, 216)).hex() + "'"
    assert text.decode("ascii") == expected


def test_a_wiped_buffer_is_zero_in_place() -> None:
    buffer = bytearray(b"secret")
    alias = memoryview(buffer)
    wipe(buffer)
    assert bytes(alias) == bytes(6)


def test_a_recovery_key_is_read_back_as_people_write_it() -> None:
    for _ in range(50):
        raw, text = new_recovery_key()
        spoken = text.lower().replace("0", "o").replace("1", "l").replace("-", "  ")
        assert parse_recovery_key(spoken) == raw
        assert len(text.split("-")) == 13


def test_more_than_256_bits_are_no_recovery_key() -> None:
    with pytest.raises(RecoveryKeyMalformedError):
        parse_recovery_key("Z" * 52)
