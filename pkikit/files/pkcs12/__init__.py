"""PKCS#12 files: what they hold and what opening them costs, before anything is decrypted."""
