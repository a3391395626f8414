"""Positions of past days as Parquet files, out of the database and into it again.

All but ``files`` and ``store`` work without pyarrow, which is the extra ``archive``.
"""
