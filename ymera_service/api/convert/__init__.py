"""Protobuf ⇄ our own types, a file per subject; what comes in is checked on the way.

Incoming conversions collect every fault of a request in one `Violations`, so that the caller hears of all
at once. Outgoing ones return plain dicts wherever a message nests: protobuf's constructors take them
whole, at about two thirds of the time that building and copying each submessage takes.
"""

from typing import Any

Fields = dict[str, Any]
"""The fields of a message, as its constructor takes them."""
