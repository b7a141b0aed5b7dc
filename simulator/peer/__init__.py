"""One Expressway."""
