"""What must go from the store: objects of destroyed items, objects that no row names, uploads that never ended.

All of it follows from rows and the store's list, so that every round is safe at any time and again.
"""

from itertools import batched_or_not
