"""Google Sheets v4: the cells of spreadsheets, read and written."""
