"""Keys: the keyring on disk, the key store, and the one way to an item's secret.

`root` where the root key lives, `files` and `ring` the keyring (root key, wrap-epoch keys, digest key), `escrow` the
two sheets of paper and `drill` the proof that they work, `pages` the bytes of a page, `store` pages and index keys in
the key store, `epochs` rotation and sweeping, `opening` unwrap; `kept` is the keyring of a process that must ask the
keeper, `keeping` what the keeper does for it.
"""

from jieli.archive.keys.opening import unwrap
from jieli.archive.keys.ring import HeldKeyring, Keyring, init, load

__all__ = ["HeldKeyring", "Keyring", "init", "load", "unwrap"]
