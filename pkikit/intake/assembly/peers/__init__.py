"""Which Expressways the files are about: peers, clusters, their addresses, and where they disagree."""
