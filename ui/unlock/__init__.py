"""The page that stands in the window until the passphrase has opened the store."""
