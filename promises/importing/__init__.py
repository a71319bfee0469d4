"""Reading files of promises. No database here: bytes in; rows, and what is wrong with the others, out."""
