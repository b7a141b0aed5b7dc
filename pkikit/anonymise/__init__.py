"""Real deployments under other names: the same structure and the same verdicts, to share with anybody."""
