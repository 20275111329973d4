"""The one SQLite file: what srvmaint knows and has promised.

`Store` says what can be asked of it in the terms of the product; the SQL is in one module per noun. All writes go
through one thread, `writer`; reads go through `reader`.
"""
