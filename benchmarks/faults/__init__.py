"""Killing the importer, the reader, the signer and PostgreSQL, and looking whether anything was lost or doubled."""
