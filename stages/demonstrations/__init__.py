"""One module a computation that needs no corpus: tables first, pictures second."""
