"""What the console knows of AWS beside the telemetry: mails, what passed the bus, the state of the queues."""
