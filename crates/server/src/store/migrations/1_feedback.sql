-- Feedback is only ever added: the table itself refuses to change or to lose a row.
CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    category TEXT NOT NULL,
    comment TEXT NOT NULL,
    tool_name TEXT,
    answer_id TEXT,
    severity TEXT,
    tags TEXT NOT NULL
) STRICT;
CREATE TRIGGER feedback_is_not_changed BEFORE UPDATE ON feedback BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER feedback_is_not_deleted BEFORE DELETE ON feedback BEGIN SELECT RAISE(ABORT, 'append only'); END;
