"""What is kept: items under one secret each, the key store, the search index, holds, and destruction.

Who comes in: `operations.deposit` (capture alone, after the gate), `operations.shred_items` and its kin,
`operations.hold`; who goes out: `queries.search_candidates` (no content) and `opening.open_items` (reading
alone, after the opening is committed). It promises that a kept item cannot be changed or removed unseen, that
a destroyed one is gone with its secret while the ledger still verifies, and that no path destroys what a hold
covers. It knows nothing of purposes and permissions: reading asks those.
"""
