"""Tables, charts and pages, made from the files that the other stages wrote."""
