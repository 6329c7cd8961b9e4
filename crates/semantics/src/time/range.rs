//! Time ranges: what was asked, and what it means now.
