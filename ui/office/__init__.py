"""The office: who has synced, what was stopped on the way, and who follows whom."""
