"""Figures of the house, each beside a plain way of doing the same on the same machine in the same run.

`python -m benchmarks` measures, `python -m benchmarks.faults` kills and looks whether anything was lost.
Neither is part of the product; both use it the way its own doors do.
"""
