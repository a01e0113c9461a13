"""The JSON, CSV and Parquet contracts."""
