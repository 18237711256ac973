"""Stripe's API, for payment of quotes and deposits, and for refunds.

In the Dashboard under Developers > API keys, make a restricted key that may write Checkout
Sessions, PaymentIntents, and Charges and Refunds, and read Balance and Events; one of a test mode
for trials. For webhooks, add an endpoint there with the events that are wanted, and copy its
signing secret.
"""
