"""What the services promise each other, as frozen data: shapes, events, commands, topology, routes."""
