"""gRPC: servicers, proto ⇄ type conversion, errors → status. Converts and decides nothing.

`endpoint` puts the server together, `handlers` runs a method for a call.
"""
