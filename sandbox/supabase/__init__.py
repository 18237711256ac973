"""Supabase, played: its Data API (PostgREST), Auth (GoTrue), and the management API."""
