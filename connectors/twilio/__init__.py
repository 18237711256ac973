"""Twilio's Messages API, for texts to customers.

In the Console, copy Account SID and Auth Token: the token also signs what Twilio sends, so an API
key can't take its place. Buy a number that can send SMS, or make a Messaging Service with one in
its sender pool; scheduled texts and opt-outs that hold for all its numbers want the service. To
numbers in the United States, register the sender (A2P 10DLC, or verify a toll-free number), and
allow the countries that are texted under Messaging > Geo permissions.
"""
