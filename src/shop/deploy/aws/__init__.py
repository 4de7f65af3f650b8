"""`shop aws`: the shop's way to AWS, its cost there, and the way back.

Templates come from `infra/` (CDK, which runs here and asks nobody); what follows is CloudFormation's own API, with the
rights of whoever runs the command: see docs/adr/0019-deploys-with-your-own-rights.md.
"""
