"""n8n: the workflows of the AI gateway, by its public API and its webhooks.

Under Settings > n8n API, make a key; where the plan has scopes for keys, it needs those to list,
read, activate and deactivate workflows, and to list, read, retry and delete executions. A key has
no more rights than its owner, whose workflows these must be. A webhook answers while its workflow
is active; what protects it is set in its Webhook node.
"""
