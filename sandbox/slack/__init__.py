"""Slack: messages in channels, their metadata, and the buttons that people press."""
