"""Runs on its own: prints the rows of a workbook as JSON lines. It limits itself, so that a hostile file kills only this process."""

import datetime as dt
import json
import resource
import sys


def cell(value):
    """Numbers stay numbers, dates become ISO text, everything else is text; a formula counts as its stored result."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, int):
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, dt.timedelta):
        return str(value)
    return value if isinstance(value, str) else str(value)


def main():
    path, memory, seconds, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height == 0:
                continue
            if sheet.width > columns + 50:
                print(json.dumps({"refused": "columns"}))
                return
            blank = 0
            for line, row in enumerate(sheet.iter_rows(), start=1):
                cells = [cell(value) for value in row]
                while cells and cells[-1] == "":
                    cells.pop()
                blank = 0 if cells else blank + 1
                if blank > 1000:
                    break
                if cells:
                    print(json.dumps([line, cells]))
            print(json.dumps("done"))
            return
        print(json.dumps("done"))
    except (python_calamine.CalamineError, ValueError, OSError):
        print(json.dumps({"refused": "damaged"}))


main()
