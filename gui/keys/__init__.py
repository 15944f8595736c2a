"""The parts of the keys page: secrets in the keyring, and what a key may do."""
