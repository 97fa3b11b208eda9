"""Whatever bytes are sealed come back, and nothing else ever does."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from wiring.cipher import NONCE_BYTES, TAG_BYTES, WORTH_COMPRESSING, seal, unseal

CIPHER, OTHER = (AESGCM(AESGCM.generate_key(256)) for _ in range(2))
PLAIN = st.one_of(st.binary(max_size=2_000), st.text(max_size=500).map(lambda text: text.encode() * 20))


@given(PLAIN, st.binary(max_size=80))
def test_what_was_sealed_is_what_is_unsealed(plain: bytes, associated: bytes):
    assert unseal(CIPHER, seal(CIPHER, plain, associated), associated) == plain


@given(PLAIN, st.data())
def test_one_changed_bit_and_nothing_comes_back(plain: bytes, data: st.DataObject):
    sealed = bytearray(seal(CIPHER, plain, b"case"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert unseal(CIPHER, bytes(sealed), b"case") is None


@given(st.binary(max_size=300))
def test_what_was_never_sealed_is_nothing(anything: bytes):
    assert unseal(CIPHER, anything, b"case") is None


def test_another_key_or_another_case_reads_nothing():
    sealed = seal(CIPHER, b"Jane Doe", b"case A")

    assert unseal(OTHER, sealed, b"case A") is None
    assert unseal(CIPHER, sealed, b"case B") is None
    assert b"Jane" not in sealed


def test_the_same_bytes_never_look_the_same():
    assert len({seal(CIPHER, b"approved", b"case") for _ in range(100)}) == 100


def test_what_shrinks_is_compressed_and_what_does_not_grows_by_the_same_few_bytes():
    around = NONCE_BYTES + TAG_BYTES + 1
    text, noise, short = b"second opinion " * 100, os.urandom(5_000), b"a" * (WORTH_COMPRESSING - 1)

    assert len(seal(CIPHER, text, b"")) < len(text) // 10
    assert len(seal(CIPHER, noise, b"")) == len(noise) + around
    assert len(seal(CIPHER, short, b"")) == len(short) + around
