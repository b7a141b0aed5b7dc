"""How certificates are issued: by a CA of our own, by OpenSSL, by AD CS, or over ACME."""
