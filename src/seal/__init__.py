"""seal: make and check evidence that a stranger can verify.

What stands here: the canonical form of values, RFC 6962 trees and tiles, signed notes, checkpoints,
cosignatures, proofs, trust policies, the package container, its writer and its verifier, and a witness.
It knows nothing of Django or jieli, needs only the standard library (``cryptography`` or the ``openssl``
command for signatures), and promises: any bytes in, only :class:`seal.errors.SealError` out.
"""
