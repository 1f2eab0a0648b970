"""Registry of measures and KPIs, engine, snapshots. Knows no domain app."""
