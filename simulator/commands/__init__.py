"""The commands of `expressway-sim`."""
