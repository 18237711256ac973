"""HubSpot's CRM: contacts, companies and deals, through the official client."""
