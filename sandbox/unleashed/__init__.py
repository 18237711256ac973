"""Unleashed: products, stock by warehouse, orders, and stock adjustments."""
