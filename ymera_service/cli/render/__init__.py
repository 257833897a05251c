"""Formats responses: a function per kind of response, each returning what rich can print."""
