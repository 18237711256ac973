"""eBay's Buy APIs: search, bids, guest checkout; and what surrounds them."""
