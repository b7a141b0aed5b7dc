"""Questions to machines on the network: fetch a file, probe a port, look up what ACME needs."""
