"""The only way out: a row first, durable and visible to whom it concerns, then the content (P5).

Who comes in: `operations.search`, `open_items`, `open_conversation`, with a person, a purpose and an open matter.
It promises that no content, not even a snippet, is shown before the opening that names it is committed; that what
nobody agreed to for this purpose, or what is objected to, is left out and counted; and that staff concerned find
the row in `queries.openings_concerning`. `queries.opening_names` is what the key keeper asks before it unwraps.
"""
