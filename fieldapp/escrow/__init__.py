"""The officers' own program for the employer's escrow. It is run offline: see sync/KEY-CEREMONY.md."""
