"""eBay's Buy APIs: what is for sale, bids, guest checkout; deliveries' signatures.

Source: https://developer.ebay.com/api-docs/buy/static/buy-landing.html
"""
