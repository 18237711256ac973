"""Anymail Finder: finds and verifies the addresses of people at companies; it sends nothing.

Copy the API key from the settings of the account; it has all of the account's rights, there are no
scopes. Credits are bought there, and finding and verifying take from them.
"""
