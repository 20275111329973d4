"""The engine room: definitions, routing, the one engine, its workers and the outbox."""
