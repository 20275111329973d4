"""The rules of alerts and incidents, pure: no clock, no SQL, no I/O. The store applies them inside its transaction."""
