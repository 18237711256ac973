"""Stripe: checkout sessions that a page pays, payment intents, refunds, signed events."""
