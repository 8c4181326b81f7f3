"""The encrypted local store: connection, migrations and one repository per kind of record."""
