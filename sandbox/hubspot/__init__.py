"""HubSpot's CRM: objects v3, associations v4, properties, and webhooks, for three object types."""
