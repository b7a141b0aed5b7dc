"""PEM and DER as files contain them: blocks in any text, what OpenSSL reads of them, where a DER value ends."""
