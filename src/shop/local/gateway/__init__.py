"""The API gateway of the laptop, in the place of API Gateway's HTTP API and the load balancer: one origin for all.

`__main__` is the process, `server` HTTP in, `app` what happens to a request, `table` the routes and their rates,
`events` how functions are spoken to.
"""
