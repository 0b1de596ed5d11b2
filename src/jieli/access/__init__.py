"""Who may come in: persons, their passkeys, grants with expiry, signed links. Identity is apart from role.

A person outlives every role: ending grants ends sessions, never the person's own door. What a role permits stands
in one table (`policy.PERMITS`); whatever is not there is denied. Content is read by no role alone.
"""
