"""Twilio's Messages API: texts, their status callbacks, and who has said STOP."""
