"""A browser maker's push service (RFC 8030), and the browsers that have subscribed to it."""
