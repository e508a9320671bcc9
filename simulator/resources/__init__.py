"""The REST resources, one file each: how they are read, changed and written out."""
