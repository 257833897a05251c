"""What every protocol needs: checks, the life cycle of a call, deadlines, events, health, background work.

Nothing here knows gRPC or protobuf. A protocol converts its messages to the types of sdk, routing and
benchmark, calls `Service`, and converts what comes back.
"""
