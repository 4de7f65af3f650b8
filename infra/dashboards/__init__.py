"""CloudWatch dashboards from the observability points: one for each service, and one for the business.

page       widgets as PutDashboard takes them, and how they stand on a page
service    what a service shows of itself, and AWS of what it runs on
business   all points, and the entrance
"""
