"""Migrations: how a database of any earlier version becomes one of this version. Run by `data.postgis.migrate`."""
