"""Twilio's Messages API, for texts to customers."""
