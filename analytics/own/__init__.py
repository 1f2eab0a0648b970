"""Numbers that people make of the others: formulas in a small grammar, checked before they are kept (kpis.md 7.9)."""
