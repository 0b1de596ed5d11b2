"""What leaves the house to prove something: packages that a stranger verifies offline.

Making one is reading: it needs purpose, matter and permission, and the opening is durable first.
"""
