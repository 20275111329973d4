-- Times are epoch milliseconds; JSON is text; public ids are text, an alert's id is the hex of its key.

CREATE TABLE payload (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    driver TEXT NOT NULL,
    origin TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    -- as it came; the large ones deflated (RFC 1950)
    body BLOB NOT NULL
) STRICT;

-- deliveries whose sender gives them an id: a hash of the driver's name and that id
CREATE TABLE heard (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX heard_at ON heard (at);

CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    severity TEXT NOT NULL,
    group_key TEXT NOT NULL,
    labels TEXT NOT NULL,
    pipeline TEXT,
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    resolved_at INTEGER,
    closed_at INTEGER,
    notes TEXT NOT NULL DEFAULT '[]',
    -- how many of its alerts stand where; severity follows from the first three
    live_critical INTEGER NOT NULL DEFAULT 0,
    live_warning INTEGER NOT NULL DEFAULT 0,
    live_info INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    resolved INTEGER NOT NULL DEFAULT 0,
    -- counts every time an alert of this incident begins to fire
    fired_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX incident_group ON incident (group_key) WHERE status <> 'closed';
CREATE INDEX incident_open ON incident (id) WHERE status IN ('open', 'acknowledged');
CREATE INDEX incident_changed ON incident (changed_at) WHERE status IN ('resolved', 'closed');

CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    severity TEXT NOT NULL,
    description TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    generator_url TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    received_at INTEGER NOT NULL,
    fired_at INTEGER,
    last_seen_at INTEGER NOT NULL,
    times_seen INTEGER NOT NULL,
    digest BLOB NOT NULL,
    fired_seq INTEGER NOT NULL DEFAULT 0,
    payload_id INTEGER,
    incident_id TEXT REFERENCES incident (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX alert_received ON alert (received_at);
CREATE INDEX alert_over ON alert (last_seen_at) WHERE status = 'resolved';
CREATE INDEX alert_live ON alert (id) WHERE status <> 'resolved';
CREATE INDEX alert_incident ON alert (incident_id, status) WHERE incident_id IS NOT NULL;

-- `seen` is the alert's times_seen at that moment: an alert has at most one line each time it is heard of
CREATE TABLE alert_history (
    alert_id INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    seen INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    changes TEXT,
    PRIMARY KEY (alert_id, seen)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    trace_id TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    state TEXT NOT NULL,
    incident_id TEXT REFERENCES incident (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    environment TEXT NOT NULL,
    changes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    error TEXT,
    -- from then on it follows its deliveries
    nodes_done_at INTEGER,
    -- when it wants attention: due, or, while a worker has it, the end of that worker's lease
    next_at INTEGER,
    lease_owner TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX run_waiting ON run (incident_id, pipeline) WHERE started_at IS NULL AND incident_id IS NOT NULL;
CREATE INDEX run_due ON run (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX run_leased ON run (incident_id) WHERE lease_owner IS NOT NULL;
CREATE INDEX run_incident ON run (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX run_state ON run (state, id);

CREATE TABLE step (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    duration_ms REAL,
    input TEXT,
    output TEXT,
    error TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    id TEXT PRIMARY KEY,
    checker TEXT NOT NULL,
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    metrics TEXT NOT NULL,
    details TEXT NOT NULL,
    duration_ms REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    incident_id TEXT,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    lease_owner TEXT,
    last_error TEXT,
    receiver_id TEXT,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    give_up_at INTEGER NOT NULL,
    -- how far the incident's count of firings had come when this was decided; NULL when it says nothing of that
    fired_seq INTEGER,
    -- the message as JSON, deflated (store/packed.py): it is the largest thing kept
    message BLOB NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (channel, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX delivery_order ON delivery (incident_id, channel, id) WHERE next_at IS NOT NULL;
CREATE INDEX delivery_leased ON delivery (id) WHERE lease_owner IS NOT NULL;
CREATE INDEX delivery_run ON delivery (run_id);
CREATE INDEX delivery_dead ON delivery (id) WHERE state = 'dead';

-- what each channel was last told about each incident
CREATE TABLE told (
    incident_id TEXT NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    firing INTEGER NOT NULL,
    fired_seq INTEGER NOT NULL,
    severity TEXT NOT NULL,
    acknowledged INTEGER NOT NULL,
    at INTEGER NOT NULL,
    delivery_id TEXT NOT NULL,
    PRIMARY KEY (incident_id, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    driver TEXT,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    replayed_at INTEGER
) STRICT, WITHOUT ROWID;
