"""Somebody leaves: the case, its four lists, both sides' duties, the private part, sign-off, follow-up, closing."""
