"""Discord's webhooks: messages to a channel by a secret URL."""
