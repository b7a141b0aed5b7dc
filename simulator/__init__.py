"""A loopback simulator of clustered Expressway-C/E peers on real TLS. Not a Cisco product."""
