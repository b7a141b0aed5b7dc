"""An ACME client, built on certbot's `acme`."""
