"""All that the registry reads from protobuf and writes to it."""
