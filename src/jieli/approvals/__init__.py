"""Decisions of two people on (kind, id), and enablements that something depends on.

It knows nothing of what is decided: a room asks whether its (kind, id, digest) stands approved. Applicant and
approver are never one person.
"""
