"""A linear program under construction: blocks of columns, rows of coefficients, and the call of the solver.

Built in whole arrays; a year of hours for five thousand stays is one call. The solver is HiGHS.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
INFINITE: Final = float("inf")


class Solution(Struct, frozen=True):
    """What the solver found: values by column, and by row what one more of its right side would cost."""

    values: Floats
    prices: Floats
    objective: float


class Program:
    """Columns with bounds and costs; rows `low <= sum of coefficients <= high`. Minimises."""

    def __init__(self) -> None:
        self._cost: list[Floats] = []
        self._low: list[Floats] = []
        self._high: list[Floats] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._row_low: list[Floats] = []
        self._row_high: list[Floats] = []
        self.columns = 0
        self.rows = 0
        self.is_too_late = False

    def add_columns(
        self, count: int, *, cost: ArrayLike = 0.0, low: ArrayLike = 0.0, high: ArrayLike = INFINITE
    ) -> Ints:
        """Add columns and return their numbers."""
        for into, value in ((self._cost, cost), (self._low, low), (self._high, high)):
            into.append(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def add_rows(self, count: int, *, low: ArrayLike = -INFINITE, high: ArrayLike = INFINITE) -> Ints:
        """Add rows without coefficients and return their numbers."""
        for into, value in ((self._row_low, low), (self._row_high, high)):
            into.append(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))
        self.rows += count
        return np.arange(self.rows - count, self.rows)

    def put(self, rows: ArrayLike, columns: ArrayLike, coefficients: ArrayLike) -> None:
        """Put coefficients into rows; those given twice for one place are not allowed."""
        row, column, value = np.broadcast_arrays(
            np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64), np.asarray(coefficients, np.float64)
        )
        self._entries.append((row.ravel(), column.ravel(), value.ravel()))

    def solved(self, timeout_s: float) -> Solution | None:
        """Return the optimum; None where there is none, or none was found in time."""
        import highspy  # its library takes 60 MB: only who plans loads it

        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor alone has no types
        solver.silent()
        solver.setOptionValue("time_limit", timeout_s)
        solver.setOptionValue("threads", 1)  # the gateway shares these cores
        solver.passModel(self._model(highspy))
        solver.run()
        status = solver.getModelStatus()
        self.is_too_late = status == highspy.HighsModelStatus.kTimeLimit
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        found = solver.getSolution()
        return Solution(np.array(found.col_value), np.array(found.row_dual), solver.getInfo().objective_function_value)

    def _model(self, highspy: Any) -> Any:
        row, column, value = (np.concatenate([entry[part] for entry in self._entries]) for part in range(3))
        order = np.lexsort((column, row))
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.columns, self.rows
        model.col_cost_, model.col_lower_, model.col_upper_ = (
            np.concatenate(each) for each in (self._cost, self._low, self._high)
        )
        model.row_lower_, model.row_upper_ = np.concatenate(self._row_low), np.concatenate(self._row_high)
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=self.rows)))).astype(np.int32)
        matrix.index_, matrix.value_ = column[order].astype(np.int32), value[order]
        return model
