"""`python -m simulator`: the same as the `expressway-sim` console script."""

from simulator.cli import main

main()
