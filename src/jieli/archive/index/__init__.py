"""The search index of the archive, its pure half: fold, tokens, segments, candidates.

Keeps nothing itself: bytes and numpy arrays in, bytes and numpy arrays out; the archive stores them. It
promises that a search finds every stored text that holds the folded query (no false negative), newest first;
what is only alike is weeded out by `fold.matches` after decryption. Rows that do not decode raise
`IndexCorrupt`, never anything else.

Way in: `segment.build_segments` (texts of a batch → one segment per event month), `merging.Merging`,
`search.candidates` with `tokens.tokens_of_query`, and `fold.matches`. Texts, tokens and keys never reach an
error message.
"""
