"""The files that items claim: pictures, voice, recordings; kept in blocks under the item's own secret (ADR 17).

Who comes in: `keeping.keep` (reading's `media`, under a committed opening), `removing` (the worker); who goes out:
`opening` (reading alone), `queries` and `checks` (no content). It promises that a file is kept for an admitted item
only, that a second of it proves against the whole, and that it is gone with its item.
"""
