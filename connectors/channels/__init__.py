"""Further channels for messages, each one line of settings, by apprise."""
