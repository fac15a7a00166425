"""Types of NumPy columns that rules pass to each other."""

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Rows = IntArray | BoolArray | slice
"""Which rows of a column are meant."""
