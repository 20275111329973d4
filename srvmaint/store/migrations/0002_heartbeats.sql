-- What was last heard of each job in [[heartbeats]]. Times are epoch milliseconds.
CREATE TABLE heartbeat (
    slug TEXT PRIMARY KEY,
    expected_since INTEGER NOT NULL,
    -- what the next beat is counted from: the last good one, else when it was first expected
    base_at INTEGER NOT NULL,
    -- until when somebody was there to hear it
    watched_at INTEGER NOT NULL,
    ok_at INTEGER,
    started_at INTEGER,
    failed_at INTEGER,
    -- the first failure since the last good beat
    failing_since INTEGER,
    exit_code INTEGER,
    duration_ms INTEGER,
    output TEXT NOT NULL DEFAULT '',
    -- what the alert was last told: nothing, missed or failed, in which words, from when on, because of which failure
    told TEXT NOT NULL DEFAULT '',
    told_text TEXT NOT NULL DEFAULT '',
    told_start INTEGER,
    told_failed_at INTEGER
) STRICT, WITHOUT ROWID;
