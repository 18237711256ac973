"""Goods that come in: what their labels say, and which purchase awaits them."""
