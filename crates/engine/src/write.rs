//! Writing extracts: plain columns to Parquet, CSV or JSON lines.
