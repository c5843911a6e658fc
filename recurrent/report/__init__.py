"""Tables, charts and pages, made from the files of the other stages."""
