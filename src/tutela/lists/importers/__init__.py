"""Bank files in: CSV, lines, VICS and Tutela's own snapshot, all read as a stream of entries."""

from tutela.lists.importers.bank_file import BankFile, BankFormat, open_bank_file
from tutela.lists.importers.problems import BankFileError, Problem

__all__ = ["BankFile", "BankFileError", "BankFormat", "Problem", "open_bank_file"]
