"""`python -m recurrent`: the same as the command `recurrent`."""

from recurrent.cli import main

main()
