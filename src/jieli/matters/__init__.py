"""Threads that concern people: somebody leaves, a dispute, a leak, an incident, a request.

A matter is slim: number, kind, title, people, open or closed. What happens in it stands in the rooms above, which
point here. What it promises: numbers run without a gap within a year, none that the book tells of is given again after
a restore, and a closed matter says when.
"""
