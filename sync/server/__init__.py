"""The team's server: keeps every record, gives each laptop its assigned patients only."""
