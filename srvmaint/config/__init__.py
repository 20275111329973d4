"""The file an operator writes, turned into frozen values.

`schema` declares the sections, `host` and `load` decode them, `show` and `render` explain them. `host` is the part a
look at this host needs and imports no channel, no pipeline and no event loop; `load` is everything. Nothing here keeps
state, opens the database or talks to a network.
"""
