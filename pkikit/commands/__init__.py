"""The commands of `pkikit`, a module a group; each imports what it uses when it is used."""
