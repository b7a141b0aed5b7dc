"""The same certificates with other keys: names, dates, extensions and mistakes stay, public keys and signatures do not."""
