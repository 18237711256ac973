"""Anymail Finder: finds and verifies the addresses of people at companies; it sends nothing."""
