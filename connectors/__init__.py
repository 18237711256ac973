"""How to talk to the services: one folder each, same file names in all.

``client.py`` calls, ``models.py`` holds what comes back, ``errors.py`` the service's own lines
of the error table, and ``quality.yaml`` grades the connector. Each rule there is ``done``,
``todo``, or ``exempt: reason``:

- ``ping``: a cheap call that proves reach and credentials.
- ``timeouts``: no wait without an end; the caller says how long.
- ``paging``: lists are read to their end, by ``pages`` of ``connectors/_http``.
- ``rate_limit``: our own pace, a ``Rate`` beside the client, stays below the service's limit.
- ``error_table``: each failure the service documents has its class and cure.
- ``redaction``: no secret and no personal data in errors and logs.
- ``stand_in``: ``sandbox`` plays the service; each fault is tried, see ``tests/contract/cases``.
- ``contract_test``: ``tests/contract`` runs the connector against the stand-in.
- ``docs``: everything public says what it does and raises, and where it is documented.
"""
