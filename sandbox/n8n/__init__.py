"""n8n: workflows, their executions, and the webhooks that start them."""
