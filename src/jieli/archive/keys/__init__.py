"""Keys: the keyring on disk, the key store, and the one way to an item's secret.

`ring` the files (root key, wrap-epoch keys, digest key), `escrow` the two sheets of paper, `pages` the bytes of
a page, `store` pages and index keys in the key store, `epochs` rotation and sweeping, `opening` unwrap.
"""

from jieli.archive.keys.opening import unwrap
from jieli.archive.keys.ring import Keyring, init, load

__all__ = ["Keyring", "init", "load", "unwrap"]
