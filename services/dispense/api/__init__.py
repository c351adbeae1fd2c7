"""Dispense's JSON operations: decode, call the action, encode."""
