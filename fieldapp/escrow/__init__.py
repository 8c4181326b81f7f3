"""The officers' own program for the employer's escrow. See sync/KEY-CEREMONY.md."""
