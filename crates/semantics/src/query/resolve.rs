//! A request held against the catalog: what was asked becomes what it means.
