"""Who may come in: persons, their passkeys, grants with expiry, signed links. Identity is apart from role."""
