"""Lambda on this machine: AWS's own runtime client in worker processes, fed by our Runtime API (2018-06-01).

A function has a pool of environments (`pool`), each a process with a Runtime API endpoint of its own (`environment`),
forked from a preloaded zygote on Linux and spawned elsewhere (`starting`, `zygote`, `bootstrap`). Queues and streams
invoke functions as event source mappings do (`queue_source`, `stream_source`), schedules put commands on queues.
"""
