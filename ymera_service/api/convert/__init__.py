"""Protobuf ⇄ our own types, a file per subject.

Incoming conversions note what our types can't express, such as numbers of an enum that are not known, in the
`Violations` of the request; what the types can express is checked by `serving.checks`. Outgoing conversions
return plain dicts for nested messages: protobuf's constructors take them whole, at about two thirds of the time
that building and copying each submessage takes.
"""

from typing import Any

Fields = dict[str, Any]
"""The fields of a message, as its constructor takes them."""
