"""Customers get a new keeper: rules, plan, notice, choice, transfer, result. No customer is lost or forced (P8)."""
