"""`python -m srvmaint` is the same program as `srvmaint`."""

from srvmaint.cli import main

main()
