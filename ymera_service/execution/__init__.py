"""Carries out requests. Read `pipeline` first: the stages stand there in the order in which a request meets them.

`facts` is what is known of an execution, `events` what it sends while it runs, `stages` admits, routes and
answers, `attempt` makes one call, `failover` says which target is called next, `deadlines` bounds it all,
`recording` makes the outcome durable, `observers` are called afterwards, `answer` collects a whole one.
"""
