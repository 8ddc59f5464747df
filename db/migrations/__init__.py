"""The catalog's schema, step by step; Alembic reads this folder."""
