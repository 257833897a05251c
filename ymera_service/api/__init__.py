"""The gRPC edge: servicers, proto ⇄ type conversion, errors → status. Decides nothing."""
