//! Comparisons: the windows a range is held against.
