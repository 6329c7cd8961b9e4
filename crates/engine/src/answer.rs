//! Collected batches become the answer: pairing, order, limit, changes, totals.
