"""Between the messages of the contract and the types of the service: all reading and writing of protobuf."""
