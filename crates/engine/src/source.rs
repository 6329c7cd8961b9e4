//! Where a dataset's rows come from: files, globs, directories, Hive partitions.
