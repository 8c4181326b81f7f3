"""Keys: from the passphrase and the device's keyring to the key of the encrypted store."""
