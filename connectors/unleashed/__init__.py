"""Unleashed: the inventory of the shops, by its REST API."""
