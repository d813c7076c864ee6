"""One stored sample per fact and version, as the log holds it: `<stored_as>.json`. Committed once, never edited."""
