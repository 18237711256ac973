"""Supabase: the Data API (PostgREST), Auth (GoTrue), and the management API."""
