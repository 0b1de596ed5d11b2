"""Jieli (接力): work accounts, lawful records, and clean handovers."""
