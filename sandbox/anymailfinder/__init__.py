"""Anymail Finder: finds and verifies mail addresses, for credits."""
