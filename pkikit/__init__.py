"""Certificate decisions around Cisco Expressway: model → design → issue → judge."""
