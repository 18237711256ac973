"""Stripe's API, for payment of quotes and deposits, and for refunds."""
