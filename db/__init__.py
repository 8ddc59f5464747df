"""The catalog: photos, labels and boxes in SQLite through SQLAlchemy."""
