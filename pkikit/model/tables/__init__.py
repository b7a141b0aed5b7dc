"""Facts that others fixed: TLS alerts, reasons of a revocation, TCP ports, and what each product version has."""
