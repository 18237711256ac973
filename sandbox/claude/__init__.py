"""The Messages API, answered from a table of known faults after reading the request."""
