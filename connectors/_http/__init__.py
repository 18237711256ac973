"""What the connectors share: errors, HTTP client, authentication, retries, redaction."""
