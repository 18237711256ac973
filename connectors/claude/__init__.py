"""Anthropic's Messages API, for answers in a shape that the caller gives."""
