"""n8n: the workflows of the AI gateway, by its public API and its webhooks."""
