"""The commands, one file each: arguments and options, the request that is sent, and what is printed."""
