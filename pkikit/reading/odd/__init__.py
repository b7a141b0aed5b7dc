"""Objects that OpenSSL reads and `cryptography` refuses: pyasn1 splits them, and the parts are rewritten one by one."""
