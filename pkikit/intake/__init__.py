"""From the files that operators have to a deployment: diagnostic archives, dumps, Unified CM output, certificates."""
