# H5 replaces this file.
.PHONY: check
check:
	uv run --group dev ruff format --check && uv run --group dev ruff check && uv run --group dev mypy && uv run --group dev lint-imports
