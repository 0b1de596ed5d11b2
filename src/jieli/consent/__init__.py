"""May we? What people were told, what they agreed to, when they work: and from it, for each message, a basis or
every reason against.

The gate is the only way to a basis. It rests on rows that the ledger carries and that were committed before; a
statement made later admits nothing live (P1). There is no switch that records without it.
"""
