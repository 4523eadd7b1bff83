"""What any gRPC service needs: server, configuration, errors, storage, edge types, geography."""
