//! Fiscal years, quarters and months: of months from a day of the year, or of whole weeks.
