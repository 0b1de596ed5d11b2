"""What may not be accepted as a signature of ML-DSA-44 or SM2; the page 核验.html is asked the same elsewhere."""

from hashlib import sha256

import pytest

from seal import mldsa, sm2
from tests.seal import mldsa_reference as reference
from tests.seal.bad_signatures import BAD_MLDSA, BAD_SM2, SEED, right_mldsa, right_sm2
from tests.seal.packages import sm2_signer

MESSAGE = b"a message of the tests"
QUANTUM, NATIONAL = mldsa.public_of(SEED), sm2_signer().vkey.public


def test_what_the_bad_ones_are_made_from_is_accepted():
    assert mldsa.verify(QUANTUM, right_mldsa(MESSAGE), MESSAGE)
    assert sm2.verify(NATIONAL, right_sm2(MESSAGE), MESSAGE)


@pytest.mark.parametrize("name", BAD_MLDSA)
def test_a_bad_signature_of_ml_dsa_is_refused(name):
    assert not mldsa.verify(QUANTUM, BAD_MLDSA[name](MESSAGE), MESSAGE)


@pytest.mark.parametrize("name", BAD_SM2)
def test_a_bad_signature_of_sm2_is_refused(name):
    assert not sm2.verify(NATIONAL, BAD_SM2[name](MESSAGE), MESSAGE)


@pytest.mark.parametrize("n", range(3))
def test_the_reference_and_the_library_agree_on_keys_and_signatures(n):
    seed = sha256(b"%d" % n).digest()
    key = reference.key_of(seed)
    assert key.public == mldsa.public_of(seed)
    assert mldsa.verify(key.public, reference.sign(key, seed), seed)


def test_the_example_of_the_standard_is_accepted():
    """GB/T 32918.5, annex A: the recommended curve, the usual identity."""
    public = bytes.fromhex(
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    signature = bytes.fromhex(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    assert sm2.verify(public, signature, b"message digest")
    assert not sm2.verify(public, signature, b"message")
