"""The append-only book: entries, parts, tiles, checkpoints, timestamps, witnesses; and fsck.

Every room writes its rows through a `Book`, so that no row exists without the entry that commits to it.
The signing key is not here: only the signer process holds it.
"""
