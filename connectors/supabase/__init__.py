"""Supabase: the Data API (PostgREST), Auth (GoTrue), and the management API.

The project's key is under Project Settings > API Keys: a secret key, or the older service_role
key, passes row-level security; a publishable one reads and writes what its policies allow. The
tables must be in a schema that is exposed under Data API. The management API wants a personal
access token from the account's settings, which has the rights of its owner in all projects; it is
only needed for the health of the project.
"""
