"""Products, categories, reviews, pictures, search. Fargate, PostgreSQL, S3."""
