"""Taking in a team's patient list from a CSV file."""
