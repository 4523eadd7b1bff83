"""Files of lenders, which an import reads back as they were."""
