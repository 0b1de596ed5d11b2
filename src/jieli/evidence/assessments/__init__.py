"""Pure assessments: facts in, `Verdict` out. No clock, no database, no chance: same facts, same trace (R0.42).

Words, weights and articles that counsel may change stand in `rules/*.json`, each with its version.
"""
