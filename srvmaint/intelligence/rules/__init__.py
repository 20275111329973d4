"""One file per family of trouble, each with `FAMILY`; its file name is its name. Pure data and pure functions."""

PACKAGE = "srvmaint.intelligence.rules"
