"""`dosis check`: do the three services of a cell say the same, and is each at one with itself?"""

from deploy.check.checking import check_cell
from deploy.check.report import CheckReport, Compared, Difference, Kind, render

__all__ = ["CheckReport", "Compared", "Difference", "Kind", "check_cell", "render"]
