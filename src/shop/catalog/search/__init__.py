"""Search: a question becomes words, an engine finds products, PostgreSQL answers them."""
