"""srvmaint: receives alerts, looks at the host, works out what is wrong, tells the right people once."""

__version__ = "0.1.0"
