"""Slack's Web API, for messages to technicians and ops."""
