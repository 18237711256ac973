"""Slack's Web API: ``chat.postMessage`` and ``auth.test``."""
