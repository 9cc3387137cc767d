"""What ``python3 tools batch`` leaves of many recordings: a row each, in Parquet files that are whole or not there.

Needs pyarrow, which comes with the extra ``batch``; it is imported where a file is read or written.
"""

from .reading import read_batch
from .rows import BatchRow

__all__ = ["BatchRow", "read_batch"]
