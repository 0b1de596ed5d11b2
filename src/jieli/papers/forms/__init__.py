"""The papers of a hand-over and of what follows it, each a dataclass by its exact Chinese name."""
