"""eBay's Buy APIs: what is for sale, bids, guest checkout; deliveries' signatures.

At developer.ebay.com, make a production keyset, and have the account opted out of, or subscribed
to, marketplace account deletion: without one of them keysets stay disabled. Searches go by an
application token with the scope ``https://api.ebay.com/oauth/api_scope``. Orders need the scope
``buy.guest.order``, and bids ``buy.offer.auction`` by a user's grant; eBay gives either to
applications that it has approved for it, and each is asked for apart from the others.

Source: https://developer.ebay.com/api-docs/buy/static/buy-landing.html
"""
