"""The shop on AWS: a CDK application that builds what `contracts.topology`, the route table and `slos.yaml` declare."""
