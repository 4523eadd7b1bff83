"""Files of lenders, read and written: what an export writes, an import reads back as it was."""
