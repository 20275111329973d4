"""The machine underneath: the only door to psutil, /proc, statvfs and subprocess.

`readings` has the nouns and the protocol the checkers are written against, `linux` reads them, `parse` turns kernel
text into them, `patience` survives calls that never return, `names` and `identity` know whether a host label means this
machine. Nothing here knows thresholds, alerts or messages. This file stays empty so that importing one door is cheap.
"""
