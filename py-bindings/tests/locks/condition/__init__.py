"""Condition."""
