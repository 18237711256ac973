"""Measures the system from outside: a stack of its own, loads, and what came of them."""
