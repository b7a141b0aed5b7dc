"""SIP over TLS: the TLS engine, framing, listener and dialler."""
