//! Running a logical plan under limits: memory, time, rows, cancellation.
