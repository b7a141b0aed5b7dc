"""The files of a repository: what each is, which machine and which deployment it belongs to, and whether it may stay there."""
