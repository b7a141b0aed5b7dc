"""`python -m pkikit`: the same as the `pkikit` console script."""

from pkikit.cli import main

main()
