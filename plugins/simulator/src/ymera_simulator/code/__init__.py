"""Programs: `interpreter` runs small ones, `catalogue` has well-known ones, `languages` and `printer` write them in
several languages."""
