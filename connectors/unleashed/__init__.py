"""Unleashed: the inventory of the shops, by its REST API.

An administrator finds API id and key under Integration > Unleashed API Access. Both belong to the
organization, not to a user, and may read and write all that the API has; there are no scopes. The
calls of a month are those of the plan.
"""
