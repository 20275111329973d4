"""One file per resource, each with its route table: `ROUTES` is (method, path, handler), paths end in a slash."""
