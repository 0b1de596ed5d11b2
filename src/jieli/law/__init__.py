"""Statutes as data: id, law, article, version, exact text. Whoever prints law asks here and prints it unchanged.

`statutes.json` holds the texts, `effective.json` the reviewed dates from which a version holds, one row for each
law and version: a new version without a reviewed date prints 施行日未核.
"""
