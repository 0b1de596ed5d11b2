"""The only way in: what a connector read is judged by the gate, then deposited or tallied as refused.

Who comes in: `operations.admit`, with values that a connector parsed. It promises that nothing is deposited
without a basis that the ledger carried before (P1), that of a refused message nothing is kept but a count and a
keyed digest of its id for 30 days (P2), and that a batch it acknowledged is in the ledger: an import that died
is finished by running it again, and no message is lost or kept twice.
"""
