"""A company leaves Jieli: all that may be opened, in volumes that a stranger verifies, and what was left out."""
