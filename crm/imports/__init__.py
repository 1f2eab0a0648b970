"""Files in: CSV and XLSX become rows, rows become records.

readers   a file to lines of cells, within limits
parsing   a cell to a date, a number, a name to compare
mapping   columns to fields, and what a whole column tells (the order of its dates, its decimal sign)
registry  what can be imported: kinds and their fields, declared by the apps
index     finding what a row refers to
engine    runs in steps of 1,000 rows, each in its own transaction
"""
